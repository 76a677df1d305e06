/* Whole files, secrets, digests and JSON: the small doors to the outside. */
#include "tap.h"
#include "temporary.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[TEMPORARY_LENGTH];

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
test_files(void)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	struct stat stat_of;

	is_int(file_replace(path_of("a"), "old", 3, 0600, &error), OUTCOME_OK,
	       "a file is written");
	is_int(file_replace(path_of("a.new"), "ol", 2, 0600, &error),
	       OUTCOME_OK, "one that was killed leaves a piece behind");
	is_int(file_replace(path_of("a"), "newer", 5, 0640, &error), OUTCOME_OK,
	       "and replaced");
	is_int(file_read(path_of("a"), 5, &out, &error), OUTCOME_OK,
	       "a file of just the limit is read");
	is(out.data, "newer", "with its bytes");
	is(error.data, "", "and no error");
	stat(path_of("a"), &stat_of);
	is_int(stat_of.st_mode & 0777, 0640, "it has the mode asked for");
	is_int(file_read(path_of("a"), 4, &out, &error), OUTCOME_PERMANENT,
	       "a larger file is refused");
	ok(strstr(error.data, "is larger than 4 bytes") != NULL,
	   "with the limit in the sentence");
	is_int(file_read(folder, 4, &out, &error), OUTCOME_PERMANENT,
	       "a directory is no file");
	is_int(file_read(path_of("none"), 4, &out, &error), OUTCOME_PERMANENT,
	       "a missing file is permanent");
	is_int(file_replace(path_of("no/such"), "x", 1, 0600, &error),
	       OUTCOME_PERMANENT, "a missing directory as well");
	buf_release(&out);
	buf_release(&error);
}

static void
test_secrets(void)
{
	static const struct { unsigned int mode; const char *text, *want; }
	cases[] = {
		{ 0600, "hunter2\n", "hunter2" },
		{ 0400, "hunter2\r\nmore", "hunter2" },
		{ 0440, "hunter2", "hunter2" },
		{ 0644, "hunter2", NULL },
		{ 0620, "hunter2", NULL },
		{ 0600, "\n", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT, error = BUF_INIT;
		bool good;

		file_replace(path_of("secret"), cases[i].text,
			     strlen(cases[i].text), 0600, &error);
		chmod(path_of("secret"), cases[i].mode);
		good = file_read_secret(path_of("secret"), &out, &error) ==
		       OUTCOME_OK;
		is(good ? out.data : NULL, cases[i].want,
		   "a secret of mode %03o", cases[i].mode);
		ok(!strstr(error.data, "hunter2"),
		   "its text is in no error sentence");
		unlink(path_of("secret"));
		buf_release(&out);
		buf_release(&error);
	}
}

static void
test_long_secret(void)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	char text[4098];

	memset(text, 'x', sizeof(text));
	file_replace(path_of("secret"), text, 4096, 0600, &error);
	is_int(file_read_secret(path_of("secret"), &out, &error), OUTCOME_OK,
	       "a file with a secret has up to 4096 octets");
	file_replace(path_of("secret"), text, 4097, 0600, &error);
	is_int(file_read_secret(path_of("secret"), &out, &error),
	       OUTCOME_PERMANENT, "and not more");
	unlink(path_of("secret"));
	buf_release(&out);
	buf_release(&error);
}

static void
test_private(void)
{
	struct buf out = BUF_INIT, error = BUF_INIT;

	file_replace(path_of("key"), "one\ntwo\n", 8, 0600, &error);
	ok(file_read_private(path_of("key"), 8, &out, &error) == OUTCOME_OK &&
	   !strcmp(out.data, "one\ntwo\n"), "a private file is read whole");
	buf_reset(&out);
	ok(file_read_private(path_of("key"), 7, &out, &error) ==
	   OUTCOME_PERMANENT, "up to a size");
	chmod(path_of("key"), 0604);
	ok(file_read_private(path_of("key"), 8, &out, &error) ==
	   OUTCOME_PERMANENT, "and not when others may read it as well");
	unlink(path_of("key"));
	buf_release(&out);
	buf_release(&error);
}

static void
test_beside(void)
{
	struct arena *arena = arena_create();

	is(file_beside(arena, "/etc/tocsin/tocsin.conf", "templates"),
	   "/etc/tocsin/templates", "a path is seen from the file it is in");
	is(file_beside(arena, "tocsin.conf", "templates"), "templates",
	   "also when that file has no directory");
	is(file_beside(arena, "/etc/tocsin/tocsin.conf", "/srv/x"), "/srv/x",
	   "an absolute path stays");
	arena_destroy(&arena);
}

static void
test_digest(void)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX], code[DIGEST_CODE];

	digest_add(digest, "a", 1);
	digest_add(digest, "bc", 2);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	is(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
	   "ad", "SHA-256 of abc is that of FIPS 180-2 B.1");
	digest_code(bytes, code);
	is(code, "q9w1dfwf07", "its code is ten characters of base 32");
}

static void
test_json(void)
{
	static const struct { const char *text; bool good; } cases[] = {
		{ "{\"a\":1}", true }, { " [1,2] ", true },
		{ "{\"a\":1} x", false }, { "{\"a\":", false }, { "", false },
	};
	struct buf error = BUF_INIT, out = BUF_INIT;
	struct json *json;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json = json_parse(cases[i].text, strlen(cases[i].text), &error);
		ok(!json == !cases[i].good, "'%s' is %s JSON", cases[i].text,
		   cases[i].good ? "good" : "no");
		json_destroy(&json);
	}
	ok(!json_parse("[\0]", 3, &error), "a NUL byte is no JSON");
	json = json_parse("{\"A\":1,\"a\":\"x\",\"n\":2.5}", 23, &error);
	is(json_text(json_member(json, "a")), "x", "names have case");
	ok(!json_text(json_member(json, "none")), "nothing has no text");
	json_print(json, &out);
	is(out.data, "{\"A\":1,\"a\":\"x\",\"n\":2.5}", "it prints as it was");
	json_destroy(&json);
	buf_release(&error);
	buf_release(&out);
}

int
main(void)
{
	if (!mkdtemp(temporary(folder)))
		return 1;
	test_files();
	test_secrets();
	test_long_secret();
	test_private();
	test_beside();
	test_digest();
	test_json();
	unlink(path_of("a"));
	ok(!rmdir(folder), "no temporary file is left behind");
	return tap_done();
}
