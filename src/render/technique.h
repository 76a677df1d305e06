/*
 * Names of MITRE ATT&CK techniques, enterprise matrix, as of version 16. They
 * are not translated anywhere, so they are no words.
 */
#ifndef RENDER_TECHNIQUE_H
#define RENDER_TECHNIQUE_H

/* "T1059.001" is "PowerShell". A subtechnique without a name here has that of
 * its technique; NULL when that has none either. */
const char *technique_name(const char *id);

#endif
