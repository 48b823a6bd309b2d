#include "screen.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#include "ipamtui/mem.h"
#include "ipamtui/text.h"
#include "key.h"
#include "scroll.h"
#include "theme.h"

/* Codes of our own for define_key(): above curses' own, below its 16 bits. */
enum { CODE_PASTE = 0x3000, CODE_PASTE_END, CODE_ALT_UP, CODE_ALT_DOWN, CODE_ALT_LEFT, CODE_ALT_RIGHT, CODE_SHIFT_UP,
       CODE_SHIFT_DOWN, CODE_HOME, CODE_END };

#define CELLS_MAX 1024
#define PASTE_MAX 65536
/* Most terminals take at least this much in one OSC 52. */
#define COPY_MAX 74994

static struct {
    bool open, ascii, mouse;
    SCREEN *terminal;
    int cursor_y, cursor_x;
    bool cursor_shown;
    struct rect list;
    struct mouse_event event;
    struct buf paste;
} screen;

/* ------------------------------------------------------------------ opening */

static void define_keys(void)
{
    static const struct { const char *sequence; int code; } rows[] = {
        { "\033[200~", CODE_PASTE },       { "\033[201~", CODE_PASTE_END },
        { "\033[1;3A", CODE_ALT_UP },      { "\033[1;3B", CODE_ALT_DOWN },
        { "\033[1;3D", CODE_ALT_LEFT },    { "\033[1;3C", CODE_ALT_RIGHT },
        { "\033[1;2A", CODE_SHIFT_UP },    { "\033[1;2B", CODE_SHIFT_DOWN },
        { "\033[1~", CODE_HOME },          { "\033[4~", CODE_END },
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        define_key(rows[i].sequence, rows[i].code);
}

static void send(const char *sequence)
{
    fputs(sequence, stdout);
    fflush(stdout);
}

/* Raw, so that C-c, C-z, C-s and C-q are keys like others; no echo, no translation of Enter. */
static void enter(void)
{
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    meta(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    idlok(stdscr, TRUE);
    send("\033[?2004h");
    screen_set_mouse(screen.mouse);
}

bool screen_open(const struct options *options, struct err *err)
{
    const char *codeset, *term = getenv("TERM");

    setlocale(LC_CTYPE, "");
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return err_set(err, ERR_INPUT, "terminal", "the console needs a terminal; without one use the subcommands (--help)");
    if (!getenv("ESCDELAY"))
        set_escdelay(25);
    screen.terminal = newterm(NULL, stdout, stdin);
    if (!screen.terminal)
        return err_set(err, ERR_INPUT, "terminal", "TERM=%s is not known here; try TERM=xterm", term ? term : "");
    set_term(screen.terminal);
    screen.open = true;
    codeset = nl_langinfo(CODESET);
    screen.ascii = options->ascii || strcmp(codeset, "UTF-8") != 0;
    screen.mouse = options->mouse;
    theme_open(options->theme);
    define_keys();
    enter();
    screen.cursor_shown = true;
    return true;
}

void screen_close(void)
{
    if (!screen.open)
        return;
    mousemask(0, NULL);
    send("\033[?2004l");
    curs_set(1);
    endwin();
    delscreen(screen.terminal);
    buf_done(&screen.paste);
    memset(&screen, 0, sizeof screen);
}

void screen_size(int *w, int *h)
{
    *w = MIN(COLS, CELLS_MAX);
    *h = LINES;
}

void screen_resized(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
}

void screen_suspend(void)
{
    struct sigaction old, plain = { .sa_handler = SIG_DFL };

    send("\033[?2004l");
    def_prog_mode();
    endwin();
    sigaction(SIGTSTP, &plain, &old);
    kill(0, SIGTSTP); /* the whole job, as the terminal's own C-z would */
    sigaction(SIGTSTP, &old, NULL);
    reset_prog_mode();
    enter();
    screen_resized();
    screen_redraw();
}

void screen_redraw(void)
{
    clearok(curscr, TRUE);
}

bool screen_ascii(void)
{
    return screen.ascii;
}

void screen_set_ascii(bool ascii)
{
    screen.ascii = ascii;
}

bool screen_mouse(void)
{
    return screen.mouse;
}

void screen_set_mouse(bool on)
{
    screen.mouse = on;
    mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON3_PRESSED | BUTTON4_PRESSED |
                       BUTTON5_PRESSED
                 : 0,
              NULL);
    mouseinterval(on ? 150 : 0);
}

/* ------------------------------------------------------------------ drawing */

void screen_begin(void)
{
    erase();
    screen.cursor_y = screen.cursor_x = 0;
    screen.list = (struct rect){ 0 };
}

void screen_list(struct rect r)
{
    screen.list = r;
}

bool screen_scrolls(void)
{
    return scroll_can();
}

void screen_end(void)
{
    int by = scroll_found(screen.list);

    if (by != 0)
        scroll_move(screen.list, by);
    move(screen.cursor_y, screen.cursor_x);
    wnoutrefresh(stdscr);
    doupdate();
}

void screen_cursor(int y, int x)
{
    screen.cursor_y = y;
    screen.cursor_x = x;
}

void screen_cursor_visible(bool visible)
{
    if (visible != screen.cursor_shown)
        curs_set(visible ? 1 : 0);
    screen.cursor_shown = visible;
}

/* Code points that an ASCII terminal cannot show become as many '?' as they have cells. */
static void to_ascii(char *text)
{
    const char *at = text, *end = text + strlen(text);
    char *out = text;

    while (at < end) {
        const char *from = at;
        uint32_t rune = text_next(&at, end);

        if (rune < 0x80)
            *out++ = (char)rune;
        else
            for (int i = text_rune_width(rune); i > 0 && out < at; i--)
                *out++ = '?';
        (void)from;
    }
    *out = '\0';
}

/* What of text goes into cells: printable, cut with a sign. Returns the cells it takes. */
static int prepare(const char *text, int cells, char *out, size_t size)
{
    int used = 0;
    size_t bytes;

    text_printable(text, out, size);
    if (screen.ascii)
        to_ascii(out);
    if (text_width(out) <= cells)
        return text_width(out);
    bytes = text_fit(out, cells - 1, &used);
    out[bytes] = '\0';
    if (cells > 0 && bytes + 4 < size) {
        strcpy(out + bytes, glyph(GLYPH_CUT));
        used++;
    }
    return used;
}

static void blanks(int cells)
{
    static const char many[] = "                                                                ";

    for (; cells > 0; cells -= 64)
        addnstr(many, MIN(cells, 64));
}

int screen_text(int y, int x, int cells, enum look look, const char *text)
{
    char out[CELLS_MAX * 4];
    int used;

    if (cells <= 0 || y < 0 || y >= LINES || x < 0 || x >= COLS)
        return 0;
    used = prepare(text, MIN(cells, COLS - x), out, sizeof out);
    attrset((attr_t)theme_attr(look));
    mvaddstr(y, x, out);
    attrset(A_NORMAL);
    return used;
}

int screen_put(int y, int x, int cells, enum look look, const char *text)
{
    int used = screen_text(y, x, cells, look, text);

    if (used < cells && x + used < COLS && y >= 0 && y < LINES) {
        attrset((attr_t)theme_attr(look));
        move(y, x + used);
        blanks(MIN(cells, COLS - x) - used);
        attrset(A_NORMAL);
    }
    return used;
}

int screen_put_right(int y, int x, int cells, enum look look, const char *text)
{
    char out[CELLS_MAX * 4];
    int used = prepare(text, cells, out, sizeof out);

    if (cells > used)
        screen_put(y, x, cells - used, look, "");
    return screen_put(y, x + cells - used, used, look, out);
}

void screen_fill(struct rect r, enum look look)
{
    for (int y = 0; y < r.h; y++)
        screen_put(r.y + y, r.x, r.w, look, "");
}

void screen_rule(int y, int x, int w)
{
    if (screen.ascii)
        mvhline(y, x, '-', w);
    else
        mvhline_set(y, x, WACS_HLINE, w);
}

void screen_rule_down(int y, int x, int h)
{
    if (screen.ascii)
        mvvline(y, x, '|', h);
    else
        mvvline_set(y, x, WACS_VLINE, h);
}

void screen_box(struct rect r, const char *title)
{
    static const char *const ascii_corner[] = { "+", "+", "+", "+" };
    static const char *const corner[] = { "┌", "┐", "└", "┘" };
    const char *const *c = screen.ascii ? ascii_corner : corner;

    screen_fill(r, LOOK_NORMAL);
    screen_rule(r.y, r.x + 1, r.w - 2);
    screen_rule(r.y + r.h - 1, r.x + 1, r.w - 2);
    screen_rule_down(r.y + 1, r.x, r.h - 2);
    screen_rule_down(r.y + 1, r.x + r.w - 1, r.h - 2);
    screen_text(r.y, r.x, 1, LOOK_BOX, c[0]);
    screen_text(r.y, r.x + r.w - 1, 1, LOOK_BOX, c[1]);
    screen_text(r.y + r.h - 1, r.x, 1, LOOK_BOX, c[2]);
    screen_text(r.y + r.h - 1, r.x + r.w - 1, 1, LOOK_BOX, c[3]);
    if (title[0]) {
        char text[256];

        snprintf(text, sizeof text, " %s ", title);
        screen_text(r.y, r.x + 2, r.w - 4, LOOK_TITLE, text);
    }
}

const char *glyph(enum glyph g)
{
    static const char *const ascii[] = { "~", ">", "*", "^", "v", "<", ">", "[x]", "[ ]", ">" };
    static const char *const utf8[] = { "…", ">", "*", "▲", "▼", "‹", "›", "[x]", "[ ]", "›" };

    return screen.ascii ? ascii[g] : utf8[g];
}

/* ------------------------------------------------------------------ keys */

static int translate(int code)
{
    static const struct { int code, key; } rows[] = {
        { KEY_UP, K_UP },           { KEY_DOWN, K_DOWN },           { KEY_LEFT, K_LEFT },
        { KEY_RIGHT, K_RIGHT },     { KEY_HOME, K_HOME },           { KEY_END, K_END },
        { KEY_PPAGE, K_PGUP },      { KEY_NPAGE, K_PGDN },          { KEY_IC, K_INSERT },
        { KEY_DC, K_DELETE },       { KEY_BACKSPACE, K_BACKSPACE }, { KEY_BTAB, K_BACKTAB },
        { KEY_SR, K_SUP },          { KEY_SF, K_SDOWN },            { KEY_ENTER, K_ENTER },
        { KEY_MOUSE, K_MOUSE },     { KEY_RESIZE, K_RESIZE },       { CODE_ALT_UP, K_ALT | K_UP },
        { CODE_ALT_DOWN, K_ALT | K_DOWN }, { CODE_ALT_LEFT, K_ALT | K_LEFT }, { CODE_ALT_RIGHT, K_ALT | K_RIGHT },
        { CODE_SHIFT_UP, K_SUP },   { CODE_SHIFT_DOWN, K_SDOWN },   { CODE_PASTE, K_PASTE },
        { CODE_HOME, K_HOME },      { CODE_END, K_END },            { KEY_FIND, K_HOME },
        { KEY_SELECT, K_END },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].code == code)
            return rows[i].key;
    }
    if (code > KEY_F0 && code <= KEY_F(12))
        return K_F0 + code - KEY_F0;
    return K_NONE;
}

/* One key as curses has it. false: none there. */
static bool read_code(int *key)
{
    wint_t c;
    int kind = get_wch(&c);

    if (kind == ERR)
        return false;
    if (kind == KEY_CODE_YES)
        *key = translate((int)c);
    else if (c == 0)
        *key = K_ALT | 0x100000;
    else if (c == 127 || c == 8)
        *key = K_BACKSPACE;
    else
        *key = (int)c;
    return true;
}

/* Everything up to the end of a bracketed paste, which may come in several reads. */
static void read_paste(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    buf_clear(&screen.paste);
    screen.paste.limit = PASTE_MAX;
    for (;;) {
        wint_t c;
        int kind = get_wch(&c);
        char utf8[8] = "";

        if (kind == ERR) {
            if (poll(&input, 1, 200) <= 0)
                return; /* no end in sight: a terminal that forgot it */
            continue;
        }
        if (kind == KEY_CODE_YES) {
            if (c == CODE_PASTE_END)
                return;
            continue;
        }
        if (wctomb(utf8, (wchar_t)c) > 0)
            buf_adds(&screen.paste, utf8);
    }
}

/* A sequence nobody knows ("\033[99;1~"): swallowed, so that its letters are not taken for commands. */
static void swallow_sequence(void)
{
    wint_t c;

    while (get_wch(&c) == OK && !(c >= 0x40 && c <= 0x7e))
        ;
}

static void read_mouse(void)
{
    MEVENT event;
    static const struct { mmask_t mask; int button; } rows[] = {
        { BUTTON1_DOUBLE_CLICKED | BUTTON1_PRESSED | BUTTON1_CLICKED, 1 }, { BUTTON2_PRESSED, 2 }, { BUTTON3_PRESSED, 3 },
        { BUTTON4_PRESSED, 4 },
        { BUTTON5_PRESSED, 5 },
    };

    screen.event = (struct mouse_event){ 0 };
    if (getmouse(&event) != OK)
        return;
    screen.event.y = event.y;
    screen.event.x = event.x;
    screen.event.doubled = (event.bstate & BUTTON1_DOUBLE_CLICKED) != 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (event.bstate & rows[i].mask)
            screen.event.button = rows[i].button;
    }
}

/* A terminal that went away polls readable for ever and has nothing to read. */
static bool terminal_gone(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    int bytes = 0;

    if (poll(&input, 1, 0) <= 0)
        return false;
    if (input.revents & (POLLHUP | POLLERR | POLLNVAL))
        return true;
    return ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 ? bytes == 0 : true;
}

int screen_key(void)
{
    int key = K_NONE, next;

    if (terminal_gone())
        return K_EOF;
    if (!read_code(&key))
        return K_NONE;
    if (key == K_ESC && read_code(&next)) {
        if (next == '[' || next == 'O') {
            swallow_sequence();
            return screen_key();
        }
        return next == K_ESC ? K_ESC : next | K_ALT;
    }
    if (key == K_PASTE)
        read_paste();
    if (key == K_MOUSE)
        read_mouse();
    /* Keys without a meaning for us are not "no key": reading goes on. */
    return key == K_NONE ? screen_key() : key;
}

const struct mouse_event *screen_mouse_event(void)
{
    return &screen.event;
}

const char *screen_paste(void)
{
    return buf_at(&screen.paste);
}

/* ------------------------------------------------------------------ clipboard */

static void base64(const unsigned char *in, size_t len, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        unsigned v = (unsigned)in[i] << 16 | (i + 1 < len ? (unsigned)in[i + 1] << 8 : 0) | (i + 2 < len ? in[i + 2] : 0);

        buf_addc(out, digits[v >> 18]);
        buf_addc(out, digits[v >> 12 & 63]);
        buf_addc(out, i + 1 < len ? digits[v >> 6 & 63] : '=');
        buf_addc(out, i + 2 < len ? digits[v & 63] : '=');
    }
}

bool screen_copy(const char *text, size_t len)
{
    struct buf out = { 0 };
    bool tmux = getenv("TMUX") != NULL, gnu_screen = !tmux && getenv("STY");

    if (len > COPY_MAX)
        return false;
    /* tmux takes OSC 52 itself (set-clipboard); screen hands it on when it is wrapped, in pieces of its own. */
    buf_adds(&out, gnu_screen ? "\033P\033]52;c;" : "\033]52;c;");
    base64((const unsigned char *)text, len, &out);
    buf_adds(&out, gnu_screen ? "\a\033\\" : "\a");
    send(buf_at(&out));
    buf_done(&out);
    return true;
}
