/* words.h - word lists that several object types share. */
#ifndef CATALOG_WORDS_H
#define CATALOG_WORDS_H

extern const char *const words_yes_no[];
extern const char *const words_active[], *const words_active_remote[];
extern const char *const words_level[];
/* Get-Service's Status; the last ones are what we conclude when there is no Status. */
extern const char *const words_service[], *const words_service_remote[];

#endif
