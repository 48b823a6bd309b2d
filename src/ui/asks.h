/* asks.h - questions of servers on the way in (host keys, passphrases, passwords), whoever reaches for them: one after the other, so
 * that nothing typed for one is taken by the next. Screen thread only. */
#ifndef IPAM_UI_ASKS_H
#define IPAM_UI_ASKS_H

#include "app.h"

/* The question id of the collector, which gets the answer; shown when those before it have been answered. All is copied. */
void ui_ask(struct ui *ui, uint64_t id, const char *server, const struct transport_ask *ask);
void ui_ask_gone(struct ui *ui, uint64_t id); /* no answer is waited for any more */
void ui_asks_done(struct ui *ui);

#endif
