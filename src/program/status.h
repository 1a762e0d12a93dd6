/* SPDX-License-Identifier: MIT */
#ifndef PKTLOSS_PROGRAM_STATUS_H
#define PKTLOSS_PROGRAM_STATUS_H

/* With which pktloss(8) ends. */
enum status {
	STATUS_NO_LOSS,
	STATUS_LOSS,
	STATUS_FAILED, /* could not read, or print, or was called wrongly */
	STATUS_PARTLY, /* no loss, but not everything could be read */
};

#endif
