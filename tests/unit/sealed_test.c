/*
 * Mails that are in a part which a reader cannot open: none of what they say is
 * taken for all, and whoever is told reads what it is and what to do, in his
 * language.
 */
#include "parse/sealed.h"

#include "tap.h"

#include "base/text.h"
#include "conf/conf.h"
#include "normalize/normalize.h"
#include "parse/parse.h"
#include "render/doubt.h"

static struct arena *arena;
static const struct formats *formats;
static const struct customers *customers;
static struct languages *languages;

static const struct part {
	const char *type, *name;
	enum sealed kind;
	const char *says;		/* in English */
} parts[] = {
	{ "application/pkcs7-mime", "smime.p7m", SEALED_SMIME, "encrypted or "
	  "damaged (smime.p7m, S/MIME)" },
	{ "application/X-PKCS7-MIME", "", SEALED_SMIME, "S/MIME" },
	{ "application/octet-stream", "SMIME.P7M", SEALED_SMIME, "S/MIME" },
	{ "application/pgp-encrypted", "", SEALED_PGP, "PGP" },
	{ "application/octet-stream", "encrypted.asc", SEALED_PGP, "PGP" },
	{ "application/x-microsoft-rpmsg-message", "message.rpmsg",
	  SEALED_PURVIEW, "Purview" },
	{ "application/octet-stream", "message_v4.rpmsg", SEALED_PURVIEW,
	  "mail flow rules" },
	{ "text/html", "securedoc_20261121T100000.html", SEALED_GATEWAY,
	  "gateway" },
	{ "application/octet-stream", "SecureMessageAtt.html", SEALED_GATEWAY,
	  "Exempt the relay's address" },
	{ "application/ms-tnef", "winmail.dat", SEALED_TNEF, "Set-RemoteDomain "
	  "NAME -TNEFEnabled $false" },
	{ "application/octet-stream", "WinMail.dat", SEALED_TNEF, "TNEF" },
	{ "application/vnd.ms-outlook", "alert.msg", SEALED_OUTLOOK, ".eml" },
	{ "application/octet-stream", "alert.MSG", SEALED_OUTLOOK, "Outlook" },
	{ "message/partial", "", SEALED_PIECE, "piece" },

	{ "application/pkcs7-signature", "smime.p7s", SEALED_NOT, NULL },
	{ "application/pgp-signature", "signature.sig", SEALED_NOT, NULL },
	{ "image/png", "image001.png", SEALED_NOT, NULL },
	{ "text/html", "report.html", SEALED_NOT, NULL },
	{ "application/octet-stream", "notp7m", SEALED_NOT, NULL },
	{ "application/octet-stream", "message.rpmsgx", SEALED_NOT, NULL },
};

static const char *
part_of(const char *type, const char *name, const char *body)
{
	return arena_printf(arena, "--b\nContent-Type: %s\n"
			    "Content-Disposition: attachment%s%s\n\n%s\n",
			    type, *name ? "; filename=" : "", name, body);
}

static const struct alert *
read_parts(const char *more)
{
	const char *mail = arena_printf(arena,
		"From: defender-noreply@microsoft.com\n"
		"Subject: High-severity alert: Rare process\n"
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n"
		"Content-Type: text/plain\n\nDevice: lab-1\n%s--b--\n", more);

	return normalize_mail(&(struct normalize_input){
		.formats = formats, .customers = customers,
		.domain = "relay.mssp.example",
		.message = parse_mail(arena, mail, strlen(mail)),
	}, arena)->alert;
}

static const struct alert_doubt *
find_doubt(const struct alert *alert)
{
	size_t i;

	for (i = 0; i < alert->doubts.count; i++)
		if (alert->doubts.items[i].kind == ALERT_DOUBT_SEALED)
			return &alert->doubts.items[i];
	return NULL;
}

/* Each language has a text of its own, with the name of the part. */
static void
check_languages(const struct alert_doubt *doubt, const char *name)
{
	const char *const *codes = words_languages(arena, languages);
	const char *english = doubt_text(arena, doubt,
					 words_find(languages, "en"));
	size_t i, wrong = 0;

	for (i = 0; codes[i]; i++) {
		const char *text = doubt_text(arena, doubt,
					      words_find(languages, codes[i]));

		wrong += !strstr(text, doubt->other) ||
			 (strcmp(codes[i], "en") && !strcmp(text, english));
	}
	is_int((long long)wrong, 0, "%s: every reader is told of it in his "
	       "language", name);
}

static void
check_part(const struct part *part)
{
	const char *name = arena_printf(arena, "%s '%s'", part->type,
					part->name);
	const struct alert *alert = read_parts(part_of(part->type, part->name,
						       "x"));
	const struct alert_doubt *doubt = find_doubt(alert);

	ok(!alert->fields[ALERT_DEVICE].incomplete ==
	   (part->kind == SEALED_NOT), "%s: is all of the mail read?", name);
	is_int((long long)alert->doubts.count, part->kind != SEALED_NOT,
	       "%s: a doubt for it, and no other", name);
	if (!part->kind) {
		ok(!doubt, "%s: hides no mail", name);
		return;
	}
	is(doubt->one, sealed_names[part->kind], "%s: it is known", name);
	ok(strstr(doubt_text(arena, doubt, words_find(languages, "en")),
		  part->says), "%s: and what to do about it: %s", name,
	   doubt_text(arena, doubt, words_find(languages, "en")));
	check_languages(doubt, name);
}

/* So many octets of S/MIME, which nobody looks at when they are too many. */
static const char *
smime_of(const char *name, size_t octets)
{
	char *body = arena_array(arena, octets + 1, 1);
	size_t i;

	for (i = 0; i < octets; i++)
		body[i] = i % 64 == 63 ? '\n' : 'x';
	body[octets - 1] = 'x';
	return part_of("application/pkcs7-mime", name, body);
}

/* What is too large to be opened is not called encrypted: to have it sent
 * without encryption is no help when it is only signed. */
static void
test_large(void)
{
	const struct alert *alert = read_parts(smime_of("most.p7m",
							PARSE_SIGNED_MOST));
	const struct alert_doubt *doubt = find_doubt(alert);

	is(doubt->one, "smime", "what is not too large is looked into");
	alert = read_parts(smime_of("more.p7m", PARSE_SIGNED_MOST + 1));
	doubt = find_doubt(alert);
	is(doubt->one, "large", "what is larger is not, and this is said");
	is_int((long long)alert->doubts.count, 1, "once");
	ok(alert->fields[ALERT_DEVICE].incomplete, "and nothing of the mail is "
	   "certain");
	ok(strstr(doubt_text(arena, doubt, words_find(languages, "en")),
		  "too large to be opened (more.p7m; the limit is 1 MiB)") &&
	   strstr(doubt_text(arena, doubt, words_find(languages, "en")),
		  "clear-signed"), "the limit, and what to do about it");
	check_languages(doubt, "what is too large");

	alert = read_parts(arena_printf(arena, "%s%s",
		smime_of("one.p7m", PARSE_SIGNED_MOST / 2 + 1),
		smime_of("two.p7m", PARSE_SIGNED_MOST / 2)));
	is_int((long long)alert->doubts.count, 2, "two that are too large "
	       "together:");
	is(alert->doubts.items[0].one, "smime", "one is looked into");
	is(alert->doubts.items[1].one, "large", "and the other one is not");
}

int
main(void)
{
	struct diag *diag;
	size_t i;

	arena = arena_create();
	diag = diag_create(arena);
	formats = formats_load(arena, &conf_load(arena, "rules/formats.rules",
						 NULL, diag)->nodes, diag);
	customers = customers_load(arena, &conf_load(arena,
		"tests/mail/mail.conf", NULL, diag)->nodes, diag);
	languages = words_load(arena, shelf_open(arena, NULL, diag), diag);
	ok(!diag_errors(diag), "what is shipped loads");
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		check_part(&parts[i]);
	test_large();
	arena_destroy(&arena);
	return tap_done();
}
