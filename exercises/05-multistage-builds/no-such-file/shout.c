/* Prints its release, then the words of a file in capitals. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RELEASE "shout 1.0"
#define WORDS "/srv/words.txt"

int main(void) {
    puts(RELEASE);
    FILE *words = fopen(WORDS, "r");
    if (words == NULL) {
        printf("shout cannot open %s: %s\n", WORDS, strerror(errno));
        return 2;
    }
    for (int letter; (letter = fgetc(words)) != EOF;)
        putchar(toupper(letter));
    return 0;
}
