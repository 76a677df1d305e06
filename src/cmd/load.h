/*
 * What most commands begin with: the configuration, the store, a mail.
 */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "cmd/cmd.h"
#include "parse/reader.h"
#include "pipeline/pipeline.h"

/*
 * The configuration as the daemon would have it in force: of a file with errors
 * the last good text. The findings are printed then, and cmd_end() says what is
 * not as the files say. NULL, after the findings, where that is no help.
 * Secrets may be missing: it is not for sending nor for asking.
 */
struct generation *cmd_load(const struct cmd_line *line);

/* The end of a command that has called it: destroys the generation; the status,
 * or CMD_NO when something is not as the files say. */
int cmd_end(struct generation **generation, int status);

/* The configuration as the files have it, with its secrets; or NULL after all
 * findings were printed. */
struct generation *cmd_load_strict(const struct cmd_line *line);

/* The configuration for commands that only look at what was recorded: errors in
 * the rules are no reason to answer nothing in the middle of the night. */
struct generation *cmd_load_anyway(const struct cmd_line *line);

/* The same, but all findings are printed. */
struct generation *cmd_load_aloud(const struct cmd_line *line);

/* Run by root, the process acts as the owner of the state from then on; false
 * after a sentence. */
bool cmd_become_owner(const struct generation *generation);

/* Print findings on standard error. */
void cmd_print_findings(const struct generation *generation);

/* The store of the configuration, or NULL after a sentence. Run by root, the
 * process acts as the owner of the state from then on. */
struct store *cmd_open_store(const struct generation *generation);

/* The instant of `--at`, or now when `text` is NULL; false after a sentence. */
bool cmd_instant(const char *text, instant_ms *when_out);

/* Who gives the order, for the journal: the login name, or the user's id. */
const char *cmd_who(void);

/* The bytes of a file ("-": standard input); false after a sentence. */
bool cmd_read_file(const char *path, struct buf *bytes);

/*
 * A mail from a file, parsed in the cage: as an MTA delivers it, or as it lies
 * in the spool. The envelope is that on top of the file: the block of
 * tocsin-deliver, or else the Delivered-To lines that an MTA puts there. False
 * after a sentence. All in `arena`.
 */
bool cmd_read_mail(struct reader *reader, const char *path,
		   struct arena *arena, struct pipeline_input *input_out);
/* A mail whose bytes were read. */
bool cmd_parse_mail(struct reader *reader, const char *path,
		    const struct buf *bytes, struct arena *arena,
		    struct pipeline_input *input_out);

#endif
