/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus/answers.h"

#include <string.h>
#include <sys/queue.h>

typedef struct Answer {
        char *sender, *question;
        bool allowed;
        usec_t heard;
        TAILQ_ENTRY(Answer) age;
} Answer;

struct Answers {
        TAILQ_HEAD(, Answer) list; /* the oldest is first */
        unsigned n;
};

static void drop(Answers *answers, Answer *answer) {
        TAILQ_REMOVE(&answers->list, answer, age);
        answers->n--;
        free(answer->sender);
        free(answer->question);
        free(answer);
}

static void drop_late(Answers *answers, usec_t now) {
        Answer *oldest;

        while ((oldest = TAILQ_FIRST(&answers->list)) && now - oldest->heard >= ANSWERS_USEC)
                drop(answers, oldest);
}

static Answer *find(Answers *answers, const char *sender, const char *question) {
        Answer *answer;

        TAILQ_FOREACH(answer, &answers->list, age)
                if (strcmp(answer->sender, sender) == 0 && strcmp(answer->question, question) == 0)
                        return answer;
        return NULL;
}

void answers_put(Answers *answers, const char *sender, const char *question, bool allowed, usec_t now) {
        Answer *answer = find(answers, sender, question);

        if (answer)
                drop(answers, answer);
        answer = calloc(1, sizeof *answer);
        if (!answer)
                return;
        *answer = (Answer){
                .sender = strdup(sender), .question = strdup(question), .allowed = allowed, .heard = now
        };
        TAILQ_INSERT_TAIL(&answers->list, answer, age);
        answers->n++;
        if (!answer->sender || !answer->question)
                drop(answers, answer);
        if (answers->n > ANSWERS_MAX)
                drop(answers, TAILQ_FIRST(&answers->list));
}

int answers_find(Answers *answers, const char *sender, const char *question, usec_t now) {
        Answer *answer;

        drop_late(answers, now);
        answer = find(answers, sender, question);
        return answer ? answer->allowed : -ENOENT;
}

void answers_forget(Answers *answers, const char *sender) {
        Answer *answer = TAILQ_FIRST(&answers->list);

        while (answer) {
                Answer *next = TAILQ_NEXT(answer, age);

                if (!sender || strcmp(answer->sender, sender) == 0)
                        drop(answers, answer);
                answer = next;
        }
}

Answers *answers_new(void) {
        Answers *answers = calloc(1, sizeof *answers);

        if (answers)
                TAILQ_INIT(&answers->list);
        return answers;
}

Answers *answers_free(Answers *answers) {
        if (!answers)
                return NULL;
        answers_forget(answers, NULL);
        free(answers);
        return NULL;
}
