#include "fiber.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "ipamtui/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#define SWITCH_BEGIN(save, stack, size) __sanitizer_start_switch_fiber(save, stack, size)
#define SWITCH_END(saved, stack, size) __sanitizer_finish_switch_fiber(saved, stack, size)
#else
#define SWITCH_BEGIN(save, stack, size) ((void)0)
#define SWITCH_END(saved, stack, size) ((void)0)
#endif

#define FIBER_STACK ((size_t)256 * 1024)

struct fiber {
    ucontext_t inside, outside;
    void (*fn)(void *ctx);
    void *ctx;
    char *stack;
    bool ended;
    void *fake_inside; /* AddressSanitizer's, of each side */
    void *fake_outside;
    const void *outside_stack;
    size_t outside_size;
};

/* makecontext() passes ints only: the pointer comes in two halves. */
static void begin(unsigned high, unsigned low)
{
    struct fiber *f = (struct fiber *)((uintptr_t)high << 32 | (uintptr_t)low);
    SWITCH_END(NULL, &f->outside_stack, &f->outside_size);
    f->fn(f->ctx);
    f->ended = true;
    SWITCH_BEGIN(NULL, f->outside_stack, f->outside_size);
    swapcontext(&f->inside, &f->outside);
}

struct fiber *fiber_new(void (*fn)(void *ctx), void *ctx)
{
    void *stack = mmap(NULL, FIBER_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED)
        return NULL;
    struct fiber *f = x_alloc(sizeof(*f));
    f->fn = fn;
    f->ctx = ctx;
    f->stack = stack;
    getcontext(&f->inside);
    f->inside.uc_stack.ss_sp = stack;
    f->inside.uc_stack.ss_size = FIBER_STACK;
    f->inside.uc_link = NULL;
    uint64_t at = (uintptr_t)f;
    makecontext(&f->inside, (void (*)(void))(void *)begin, 2, (unsigned)(at >> 32), (unsigned)at);
    return f;
}

bool fiber_run(struct fiber *f)
{
    if (f->ended)
        return true;
    SWITCH_BEGIN(&f->fake_outside, f->stack, FIBER_STACK);
    swapcontext(&f->outside, &f->inside);
    SWITCH_END(f->fake_outside, NULL, NULL);
    return f->ended;
}

void fiber_sleep(struct fiber *f)
{
    SWITCH_BEGIN(&f->fake_inside, f->outside_stack, f->outside_size);
    swapcontext(&f->inside, &f->outside);
    SWITCH_END(f->fake_inside, &f->outside_stack, &f->outside_size);
}

void fiber_free(struct fiber *f)
{
    if (!f)
        return;
    x_wipe(f->stack, FIBER_STACK); /* answers passed over it */
    munmap(f->stack, FIBER_STACK);
    free(f);
}
