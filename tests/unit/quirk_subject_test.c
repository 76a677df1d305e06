/* What stands before a subject, and whether a person put it there. */
#include "tap.h"

#include "normalize/quirk_subject.h"

#define REST "Low-severity alert: x"

static const struct { const char *before; bool forwarded; } cases[] = {
	{ "", false },
	{ "[EXTERNAL] ", false },
	{ "[EXTERNAL]", false },
	{ "[EXTERNAL - look at the sender before you open a link] ", false },
	{ "(External) ", false },
	{ "<EXTERNAL> ", false },
	{ "{Spam?} ", false },
	{ "***SPAM*** ", false },
	{ "***SPAM 7.2*** [ext] ", false },
	{ "**EXTERN** ", false },
	{ "#EXTERNAL# ", false },
	{ "\u3010\u5916\u90E8\u3011", false },
	{ "EXTERNAL: ", false },
	{ "External Sender: ", false },
	{ "EXTERN - ", false },
	{ "EXTERNE | ", false },
	{ "Caution > ", false },
	{ "SPAM 5.1: ", false },
	{ "EXTERNAL ", false },
	{ "FW: ", true }, { "Fwd:", true }, { "FW[2]: ", true },
	{ "Re^3: ", true }, { "AW (2): ", true }, { "TR : ", true },
	{ "VS: ", true }, { "VL: ", true }, { "SV: ", true }, { "VB: ", true },
	{ "RV: ", true }, { "ENC: ", true }, { "RES: ", true },
	{ "Odp: ", true }, { "PD: ", true }, { "WG: ", true }, { "AW: ", true },
	{ "I: ", true }, { "R: ", true }, { "Antw: ", true },
	{ "Doorst: ", true }, { "\u0130LT: ", true }, { "YNT: ", true },
	{ "\u8F6C\u53D1: ", true }, { "\u7B54\u590D\uFF1A", true },
	{ "\u8EE2\u9001: ", true }, { "\uC804\uB2EC: ", true },
	{ "EXTERNAL: VS: FW[2]: [ext] ", true },
	{ "[a] [b] RE: RE: FW: ", true },
	{ "RE: RE: RE: RE: RE: RE: RE: RE: RE: RE: RE: RE: ", true },
	{ "[one hundred and twenty octets are as long as a tag can be, and "
	  "whatever is longer than that is somebody's own subject.] ", false },
};

/* Nothing is taken off these. */
static const char *const whole[] = {
	"Extended detection: x", "Report: x", "Invoice: x", "[x",
	"External", "Fwd", "", "an alert: x",
	"[one hundred and twenty octets are as long as a tag can be, and "
	"whatever is longer than that is somebody's own subject..] x",
};

int
main(void)
{
	struct arena *arena = arena_create();
	bool forwarded;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *subject = arena_printf(arena, "%s" REST,
						   cases[i].before);

		forwarded = false;
		is(quirk_subject(arena, subject, &forwarded), REST, "\"%s\"",
		   cases[i].before);
		ok(forwarded == cases[i].forwarded, "  %s",
		   cases[i].forwarded ? "a person's" : "a gateway's");
	}
	for (i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		is(quirk_subject(arena, whole[i], &forwarded), whole[i],
		   "\"%s\" is the subject", whole[i]);
	is(quirk_subject(arena, "1: RE: x", &forwarded), "1: RE: x",
	   "an unknown word ends it");
	is(quirk_subject(arena, "RE:RE:RE:RE:RE:RE:RE:RE:RE:RE:RE:RE:RE: x",
			 &forwarded), "RE: x", "twelve of them are taken off");
	arena_destroy(&arena);
	return tap_done();
}
