#include "render/words.h"

#include "base/file.h"
#include "base/text.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "temporary.h"

static struct arena *arena;
static char folder[TEMPORARY_LENGTH];

/* With the warnings for readers of the languages `used`; NULL: of all. */
static struct languages *
loaded_for(const char *directory, const char *const *used, struct buf *errors)
{
	struct diag *diag = diag_create(arena);
	struct shelf *shelf = shelf_open(arena, directory, diag);
	struct languages *languages = words_load(arena, shelf, diag);

	words_check(languages, used ? used : words_languages(arena,
							     languages));
	buf_reset(errors);
	diag_print(diag, errors);
	return languages;
}

static struct languages *
loaded(const char *directory, struct buf *errors)
{
	return loaded_for(directory, NULL, errors);
}

static void
test_shipped(void)
{
	static const char *const codes[] = {
		"en", "fr", "pt-BR", "zh-CN", "es", "de", "ja"
	};
	struct buf errors = BUF_INIT;
	struct languages *languages = loaded(NULL, &errors);
	size_t i;

	is(errors.data, "", "the shipped words are complete and without error");
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		const struct words *words = words_find(languages, codes[i]);

		if (ok(words, "%s is shipped", codes[i]))
			is(words_language(words), codes[i],
			   "%s is found by its code", codes[i]);
	}
	buf_release(&errors);
}

static void
test_choice(void)
{
	static const struct { const char *wanted, *got; } cases[] = {
		{ "fr", "fr" }, { "FR", "fr" }, { "fr-CA", "fr" },
		{ "pt", "pt-BR" }, { "pt-PT", "pt-BR" }, { "zh", "zh-CN" },
		{ "pt-br", "pt-BR" }, { "nl", "en" }, { "", "en" },
		{ "d", "en" }, { NULL, "en" },
	};
	struct buf errors = BUF_INIT;
	struct languages *languages = loaded(NULL, &errors);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(words_language(words_choose(languages, cases[i].wanted)),
		   cases[i].got, "who wants %s reads %s",
		   cases[i].wanted ? cases[i].wanted : "nothing",
		   cases[i].got);
	ok(!words_find(languages, "nl"), "a language that is not there is "
	   "not found");
	is(words_text(words_choose(languages, "de"), "severity-high"), "Hoch",
	   "a word is in its language");
	ok(!words_text(words_choose(languages, "de"), "no-such-word"),
	   "a word that English lacks is none");
	buf_release(&errors);
}

static void
test_time(void)
{
	static const struct { const char *language, *zone, *want; } cases[] = {
		{ "en", "Europe/Paris", "Sun 22 Nov 2026, 00:13 CET" },
		{ "fr", "Europe/Paris", "dim. 22 novembre 2026, 00:13 CET" },
		{ "de", "Europe/Berlin", "So, 22. November 2026, 00:13 MEZ" },
		{ "es", "Europe/Madrid",
		  "dom 22 de noviembre de 2026, 00:13 CET" },
		{ "pt-BR", "America/Sao_Paulo",
		  "sáb., 21 de novembro de 2026, 20:13 horário de Brasília" },
		{ "ja", "Asia/Tokyo", "2026年11月22日(日) 08:13 日本時間" },
		{ "zh-CN", "Asia/Shanghai",
		  "2026年11月22日（周日）07:13 北京时间" },
		{ "en", "UTC", "Sat 21 Nov 2026, 23:13 UTC" },
		{ "de", "America/Argentina/Buenos_Aires",
		  "Sa, 21. November 2026, 20:13 UTC-03" },
	};
	struct buf errors = BUF_INIT, out = BUF_INIT;
	struct languages *languages = loaded(NULL, &errors);
	instant_ms when;
	size_t i;

	ok(clock_parse("2026-11-21T23:13:39Z", &when), "(the test's time)");
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct zone *zone = zone_find(cases[i].zone, &errors);

		buf_reset(&out);
		words_print_time(words_choose(languages, cases[i].language),
				 zone ? zone : zone_utc(), when, &out);
		is(out.data, cases[i].want, "a time for %s in %s",
		   cases[i].language, cases[i].zone);
	}
	buf_release(&errors);
	buf_release(&out);
}

static void
write_words(const char *name, const char *text)
{
	struct buf error = BUF_INIT;

	if (file_replace(arena_printf(arena, "%s/words/%s", folder, name),
			 text, strlen(text), 0600, &error) != OUTCOME_OK)
		printf("Bail out! %s\n", error.data);
	buf_release(&error);
}

static void
says(const struct buf *errors, const char *sentence, const char *name)
{
	if (!ok(strstr(errors->data, sentence), "%s", name))
		printf("# in: %s\n# want: %s\n", errors->data, sentence);
}

static void
test_own(void)
{
	static const char *const read[] = { "en", "fr", NULL };
	struct buf errors = BUF_INIT;
	struct languages *languages;

	write_words("en.words", "language en \"English\"\n"
		    "word greeting \"Hi\"\n");
	write_words("de.words", "language de \"Deutsch\"\n"
		    "word severity-high \"Sehr hoch\" word greeting \"Hallo\"");
	write_words("nl.words", "language nl \"Nederlands\"\n"
		    "word severity-high \"Hoog\"\n");
	languages = loaded(folder, &errors);
	is(words_text(words_choose(languages, "de"), "severity-high"),
	   "Sehr hoch", "a word in the folder replaces the shipped one");
	is(words_text(words_choose(languages, "de"), "severity-low"),
	   "Niedrig", "the other shipped words stay");
	is(words_text(words_choose(languages, "nl"), "severity-high"), "Hoog",
	   "the folder can bring a language");
	is(words_text(words_choose(languages, "nl"), "severity-low"), "Low",
	   "what it lacks is English");
	is(words_text(words_choose(languages, "fr"), "greeting"), "Hi",
	   "English can have more words");
	says(&errors, "nl.words:1:10: warning: 'nl' has no word "
	     "'severity-low', so the English one is shown (add to "
	     "words/nl.words: word severity-low \"...\")",
	     "a missing word is a warning");
	says(&errors, "en.words:2:6: warning: word 'greeting' is shown in "
	     "English to readers of es, fr, ja, pt-BR, zh-CN, nl (say it in "
	     "their files of words, too)",
	     "a word of one's own that some languages lack is one warning");
	(void)loaded_for(folder, read, &errors);
	ok(!errors.len, "what nobody reads is not warned of%s", errors.data);
	write_words("en.words", "language en \"English\"\n"
		    "word greeting \"Hi\" word parting \"Bye\"\n");
	(void)loaded(folder, &errors);
	ok(!strstr(errors.data, "word 'parting'"),
	   "one that no other language has is meant to be English");
	buf_release(&errors);
}

static const char *
said(const struct words *words, const char *key,
     const struct words_hole *holes)
{
	struct buf out = BUF_INIT;
	const char *text;

	words_print(words, key, holes, &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}

static void
test_holes(void)
{
	static const struct words_hole holes[] = {
		{ "from", "{to}" }, { "to", "High" }, { NULL, NULL }
	}, one[] = { { "device", NULL }, { NULL, NULL } };
	struct buf errors = BUF_INIT;
	const struct words *words = words_choose(loaded(NULL, &errors), "en");

	is(said(words, "update-raised", holes),
	   "Severity raised from {to} to High",
	   "what fills a hole is not read again");
	is(said(words, "update-device", one), "New device: not known",
	   "what is not known is said so");
	is(said(words, "update-device", holes), "New device: {device}",
	   "a hole that nobody fills stays");
	is(said(words, "no-such-word", holes), "no-such-word",
	   "a word that is none is its key");
	buf_release(&errors);
}

static void
test_duration(void)
{
	static const struct { int64_t ms; const char *language, *want; }
	cases[] = {
		{ INT64_C(4320) * 60000, "en", "3 days" },
		{ 86400000, "en", "1 day" }, { 5400000, "en", "90 minutes" },
		{ 3600000, "de", "1 Stunde" }, { 7200000, "fr", "2 heures" },
		{ 60000, "es", "1 minuto" }, { 2000, "ja", "2 秒" },
		{ 86400000 * 2, "zh-CN", "2 天" },
	};
	struct buf errors = BUF_INIT, out = BUF_INIT;
	struct languages *languages = loaded(NULL, &errors);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		words_print_duration(words_choose(languages,
						  cases[i].language),
				     cases[i].ms, &out);
		is(out.data, cases[i].want, "%s for %s", cases[i].want,
		   cases[i].language);
	}
	buf_release(&errors);
	buf_release(&out);
}

static void
test_span(void)
{
	static const struct { const char *name, *language, *from, *to, *want; }
	cases[] = {
		{ "of one day, the day is said once", "en",
		  "2026-11-21T10:13:39Z", "2026-11-21T12:30:00Z",
		  "Sat 21 Nov 2026, 11:13–13:30 CET" },
		{ "of one minute, once", "en",
		  "2026-11-21T10:13:01Z", "2026-11-21T10:13:59Z",
		  "Sat 21 Nov 2026, 11:13 CET" },
		{ "over midnight of the reader, both", "en",
		  "2026-11-21T22:30:00Z", "2026-11-21T23:30:00Z",
		  "Sat 21 Nov 2026, 23:30 CET – Sun 22 Nov 2026, 00:30 CET" },
		{ "over a change of the clocks, both", "de",
		  "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
		  "So, 25. Oktober 2026, 02:30 MESZ – "
		  "So, 25. Oktober 2026, 02:30 MEZ" },
		{ "the first of a month is an ordinal", "fr",
		  "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z",
		  "mar. 1er décembre 2026, 11:00–12:00 CET" },
	};
	struct buf errors = BUF_INIT, out = BUF_INIT;
	struct languages *languages = loaded(NULL, &errors);
	const struct zone *zone = zone_find("Europe/Berlin", &errors);
	instant_ms from, to;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		ok(clock_parse(cases[i].from, &from) &&
		   clock_parse(cases[i].to, &to), "(the times)");
		words_print_span(words_choose(languages, cases[i].language),
				 zone ? zone : zone_utc(), from, to, &out);
		is(out.data, cases[i].want, "%s", cases[i].name);
	}
	buf_release(&errors);
	buf_release(&out);
}

static void
test_mistakes(void)
{
	struct buf errors = BUF_INIT;

	write_words("de.words", "language de \"Deutsch\"\n"
		    "word severty-high \"Hoch\"\n"
		    "word time \"Zeit\" word time \"Uhr\"\n"
		    "word date-format \"{day}. {moth} {\"\n"
		    "word update-raised \"{von} {to}\"\n"
		    "word user \"{name}\"\n"
		    "catch-all soc\n");
	write_words("nl.words", "word time \"Tijd\"\n");
	(void)loaded(folder, &errors);	/* only its errors count here */
	says(&errors, "de.words:2:6: error: English has no word "
	     "'severty-high' (did you mean 'severity-high'?)",
	     "a word that English lacks is an error");
	says(&errors, "de.words:3:23: error: word 'time' is said twice",
	     "so is one said twice");
	says(&errors, "de.words:4:18: error: there is no hole '{moth}'",
	     "so is an unknown hole in a date");
	says(&errors, "there is no hole '{}'", "and one that does not end");
	says(&errors, "de.words:5:20: error: there is no hole '{von}' (the "
	     "holes are {from} {to})", "so is one that its English text lacks");
	says(&errors, "there is no hole '{name}' (its English text has no "
	     "holes)", "and one where that has none");
	says(&errors, "'catch-all' does not stand here in a file of words",
	     "so is any other statement");
	says(&errors, "nl.words: error: this file does not say its language",
	     "so is a file without a language");
	(void)loaded("/nonexistent/folder", &errors);
	says(&errors, "error: cannot read the folder /nonexistent/folder: No "
	     "such file or directory", "so is a folder that is not there");
	buf_release(&errors);
}

int
main(void)
{
	arena = arena_create();
	if (!mkdtemp(temporary(folder)) ||
	    mkdir(arena_printf(arena, "%s/words", folder), 0700))
		printf("Bail out! no folder\n");
	test_shipped();
	test_choice();
	test_time();
	test_holes();
	test_duration();
	test_span();
	test_own();
	test_mistakes();
	(void)unlink(arena_printf(arena, "%s/words/en.words", folder));
	(void)unlink(arena_printf(arena, "%s/words/de.words", folder));
	(void)unlink(arena_printf(arena, "%s/words/nl.words", folder));
	(void)rmdir(arena_printf(arena, "%s/words", folder));
	(void)rmdir(folder);
	arena_destroy(&arena);
	return tap_done();
}
