/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "notify/record.h"

/* Where in this file it is sent from tells nobody anything. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "model/message-ids.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define IDENTIFIER     "fairslice"

/* sd_journal_send() is silent where nobody listens, so look first. */
int record_write(const Notice *notice) {
        int priority = notice->critical ? LOG_WARNING : LOG_NOTICE;

        if (access(JOURNAL_SOCKET, F_OK) >= 0)
                return sd_journal_send("MESSAGE=%s", notice->body, "MESSAGE_ID=" FAIRSLICE_MESSAGE_NOTICE,
                                       "PRIORITY=%i", priority, "SYSLOG_IDENTIFIER=" IDENTIFIER, NULL);
        openlog(IDENTIFIER, LOG_NDELAY, LOG_USER);
        syslog(priority, "%s", notice->body);
        closelog();
        return 0;
}
