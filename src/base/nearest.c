#include "ipamtui/text.h"

#include <string.h>

#define FARTHEST 2

/* Two slips at most, and never so many that nothing of either word is left. A name that goes on where the word stops
 * ("desc") counts as two slips. */
void text_nearest_offer(struct text_nearest *nearest, const char *name)
{
    size_t word = strlen(nearest->word), len = strlen(name);
    int distance = text_distance(nearest->word, name);
    if (word >= 3 && len > word && strncmp(nearest->word, name, word) == 0)
        distance = distance < FARTHEST ? distance : FARTHEST;
    if (distance > FARTHEST || (size_t)distance >= word || (size_t)distance >= len)
        return;
    if (!nearest->best || distance < nearest->distance) {
        nearest->best = name;
        nearest->distance = distance;
    }
}
