/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mail/transfer.h"

#include <curl/curl.h>
#include <string.h>
#include <sys/socket.h>

#include "spool/line.h"

/* For the connection, the greeting, TLS and the login together. */
#define CONNECT_MAX_USEC (120 * USEC_PER_SEC)

/* For a whole message, as a multiple of the longest silence. */
#define TOTAL_FACTOR 3U

struct Transfer {
        CURL *curl;
        struct curl_slist *recipients;
        TransferStop stop;
        void *userdata;
        const char *data; /* what is being sent */
        size_t size, sent;
        bool stopped;
        Conversation conversation;
        char error[CURL_ERROR_SIZE];
};

char *transfer_lines(const char *data, size_t size, size_t *ret_size) {
        char *lines = malloc(2 * size + 3);
        size_t n = 0;

        if (!lines)
                return NULL;
        for (size_t i = 0; i < size; i++) {
                bool cr = data[i] == '\r', lf = data[i] == '\n';

                if (cr && i + 1 < size && data[i + 1] == '\n')
                        continue;
                if (cr || lf) {
                        lines[n++] = '\r';
                        lines[n++] = '\n';
                } else
                        lines[n++] = data[i];
        }
        if (n < 2 || lines[n - 1] != '\n') {
                lines[n++] = '\r';
                lines[n++] = '\n';
        }
        lines[n] = '\0';
        *ret_size = n;
        return lines;
}

/* ---- libcurl's callbacks ---- */

static size_t on_read(char *buffer, size_t size, size_t count, void *userdata) {
        Transfer *t = userdata;
        size_t n = MIN(size * count, t->size - t->sent);

        memcpy(buffer, t->data + t->sent, n);
        t->sent += n;
        return n;
}

/* Nothing of what a server says belongs to standard output. */
static size_t on_write(_unused_ char *data, size_t size, size_t count, _unused_ void *userdata) {
        return size * count;
}

/* Passwords come through here as well: nothing is kept but which command it was. */
static int on_debug(_unused_ CURL *curl, curl_infotype type, char *data, size_t size, void *userdata) {
        Transfer *t = userdata;

        if (type == CURLINFO_HEADER_OUT)
                conversation_command(&t->conversation, data, size);
        else if (type == CURLINFO_HEADER_IN)
                conversation_line(&t->conversation, data, size);
        else if (type == CURLINFO_DATA_OUT)
                conversation_message(&t->conversation);
        return 0;
}

static int on_progress(void *userdata, _unused_ curl_off_t dltotal, _unused_ curl_off_t dlnow,
                       _unused_ curl_off_t ultotal, _unused_ curl_off_t ulnow) {
        Transfer *t = userdata;
        bool in_doubt = t->conversation.phase == PHASE_MESSAGE && t->sent == t->size;

        t->stopped = t->stopped || t->stop(in_doubt, t->userdata);
        return t->stopped;
}

/* ---- options ---- */

/* A setting that libcurl does not take would be sent without. */
#define SET(option, value)                                                    \
        do {                                                                  \
                if (curl_easy_setopt(t->curl, (option), (value)) != CURLE_OK) \
                        return -EIO;                                          \
        } while (0)

static int set_callbacks(Transfer *t) {
        SET(CURLOPT_ERRORBUFFER, t->error);
        SET(CURLOPT_READFUNCTION, on_read);
        SET(CURLOPT_READDATA, (void *) t);
        SET(CURLOPT_WRITEFUNCTION, on_write);
        SET(CURLOPT_DEBUGFUNCTION, on_debug);
        SET(CURLOPT_DEBUGDATA, (void *) t);
        SET(CURLOPT_VERBOSE, 1L);
        SET(CURLOPT_XFERINFOFUNCTION, on_progress);
        SET(CURLOPT_XFERINFODATA, (void *) t);
        SET(CURLOPT_NOPROGRESS, 0L);
        return 0;
}

static int set_security(Transfer *t, const MailConfig *mail) {
#if LIBCURL_VERSION_NUM >= 0x075500
        SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
#else
        SET(CURLOPT_PROTOCOLS, (long) (CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
        SET(CURLOPT_PROXY, ""); /* whatever the environment says */
        SET(CURLOPT_USE_SSL, (long) (mail->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
        SET(CURLOPT_SSL_VERIFYPEER, 1L);
        SET(CURLOPT_SSL_VERIFYHOST, 2L);
        SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        if (mail->ca_file) {
                SET(CURLOPT_CAINFO, mail->ca_file);
                SET(CURLOPT_CAPATH, (char *) NULL);
        }
        return 0;
}

static int set_times(Transfer *t, const MailConfig *mail) {
        usec_t silence = mail->timeout_usec, connect = MIN(silence, CONNECT_MAX_USEC),
               total = connect + TOTAL_FACTOR * silence;

        SET(CURLOPT_NOSIGNAL, 1L);
        SET(CURLOPT_CONNECTTIMEOUT_MS, (long) (connect / USEC_PER_MSEC));
        SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long) (silence / USEC_PER_SEC));
        SET(CURLOPT_TIMEOUT_MS, (long) (total / USEC_PER_MSEC));
        SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
        SET(CURLOPT_LOW_SPEED_TIME, (long) (silence / USEC_PER_SEC));
        return 0;
}

static int set_options(Transfer *t, const Settings *settings) {
        const MailConfig *mail = settings->mail;
        int r;

        SET(CURLOPT_URL, mail->server);
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_MAIL_FROM, settings->from);
        if (settings->has_password) {
                SET(CURLOPT_USERNAME, mail->user);
                SET(CURLOPT_PASSWORD, settings->password.text);
        }
        r = set_callbacks(t);
        if (r >= 0)
                r = set_security(t, mail);
        return r < 0 ? r : set_times(t, mail);
}

int transfer_new(const Settings *settings, TransferStop stop, void *userdata, Transfer **ret) {
        _cleanup_(transfer_freep) Transfer *t = calloc(1, sizeof *t);
        int r;

        if (!t)
                return -ENOMEM;
        t->stop = stop;
        t->userdata = userdata;
        t->curl = curl_easy_init();
        if (!t->curl)
                return -ENOMEM;
        r = set_options(t, settings);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(t);
        return 0;
}

/* libcurl says QUIT and waits two minutes for the answer, whatever was set. With nothing more to be read it
 * does not. */
static void stop_reading(CURL *curl) {
        curl_socket_t fd = CURL_SOCKET_BAD;

        if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD)
                (void) shutdown(fd, SHUT_RD);
}

Transfer *transfer_free(Transfer *t) {
        if (!t)
                return NULL;
        if (t->curl) {
                stop_reading(t->curl);
                curl_easy_cleanup(t->curl);
        }
        curl_slist_free_all(t->recipients);
        free(t);
        return NULL;
}

/* ---- one message ---- */

static int set_message(Transfer *t, const char *recipient) {
        curl_slist_free_all(t->recipients);
        t->recipients = curl_slist_append(NULL, recipient);
        if (!t->recipients)
                return -ENOMEM;
        SET(CURLOPT_MAIL_RCPT, t->recipients);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t) t->size);
        return 0;
}

Outcome transfer_send(Transfer *t, const char *recipient, const char *data, size_t size,
                      char reason[static SPOOL_ANSWER_MAX + 1]) {
        _cleanup_free_ char *lines = transfer_lines(data, size, &t->size);
        CURLcode code;
        Outcome outcome;

        t->data = lines;
        t->sent = 0;
        t->stopped = false;
        t->error[0] = '\0';
        t->conversation = (Conversation){};
        if (!lines || set_message(t, recipient) < 0) {
                snprintf(reason, SPOOL_ANSWER_MAX + 1, "Out of memory");
                return OUTCOME_SERVER;
        }
        code = curl_easy_perform(t->curl);
        outcome = outcome_of(&t->conversation, code == CURLE_OK, t->stopped);
        if (outcome == OUTCOME_SENT)
                spool_clean_line(reason, t->conversation.answer);
        else
                outcome_reason(&t->conversation, t->error[0] ? t->error : curl_easy_strerror(code), reason);
        t->data = NULL;
        return outcome;
}
