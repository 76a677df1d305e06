#include "normalize/forward.h"

#include "conf/conf.h"
#include "tap.h"

static struct arena *arena;

static const struct {
	const char *name, *text, *html;
	bool is_attached;
	bool words;
} rows[] = {
	{ "a program that sends on writes nothing",
	  "From: Microsoft Defender <a@microsoft.com>\n"
	  "Sent: Wednesday, November 25, 2026 9:40 AM\nTo: IT\n\nSeverity: High",
	  "", false, false },
	{ "in any of the languages that `ignore` knows",
	  "\n\n________________________________\n"
	  "Von: Microsoft Defender <a@microsoft.com>\n"
	  "Gesendet: Mittwoch, 25. November 2026 09:40\n\nx\n", "", false,
	  false },
	{ "nor does one that names what follows between rules",
	  "-------- Weitergeleitete Nachricht --------\n"
	  "Betreff: x\nDatum: y\nVon: z\n", "", false, true },
	{ "a rule and two fields",
	  "-------- Forwarded Message --------\n*Subject:* x\n*From:* y\n\nz\n",
	  "", false, false },
	{ "in HTML alone", "", "\n From: a\nSent: b\nx", false, false },
	{ "full-width colons", "发件人：微软\n发送时间：周三\nx\n", "", false,
	  false },
	{ "an attachment alone", " \n\xC2\xA0\n", "", true, false },

	{ "a sentence above is words",
	  "PLEASE CALL ME\n\nFrom: a <a@microsoft.com>\nSent: b\n", "", false,
	  true },
	{ "so is one beside an attachment", "was this you?", "", true, true },
	{ "and one in HTML", "", "this was not us\nFrom: a\nSent: b", false,
	  true },
	{ "and one above an alert that shows no header",
	  "Call me\nA high-severity alert has been triggered\n", "", false,
	  true },
	{ "and a sentence that begins like a field",
	  "From: me, this is urgent\nplease call\nFrom: a\nSent: b\n", "",
	  false, true },
	{ "and a sentence behind one mark", "> please call\nFrom: a\nSent: b\n",
	  "", false, true },
	{ "nobody knows of an empty mail", "", "", false, true },
	{ "one field is not enough", "From: a", "", false, true },
};

int
main(void)
{
	struct diag *diag;
	struct formats *formats;
	size_t i;

	arena = arena_create();
	diag = diag_create(arena);
	formats = formats_load(arena, &conf_load_text(arena, "f",
		"ignore \"From\", \"Sent\", \"To\", \"Subject\", \"Von\", "
		"\"Gesendet\", \"发件人\", \"发送时间\"\n", diag)->nodes, diag);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct message *message = message_create(arena);

		message->text = rows[i].text;
		message->html_text = rows[i].html;
		ok(forward_has_words(formats, arena, message,
				     rows[i].is_attached) == rows[i].words,
		   "%s", rows[i].name);
	}
	arena_destroy(&arena);
	return tap_done();
}
