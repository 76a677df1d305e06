#include "render/technique.h"

#include "tap.h"

int
main(void)
{
	static const struct { const char *id, *want; } cases[] = {
		{ "T1001", "Data Obfuscation" },
		{ "T1059.001", "PowerShell" },
		{ "t1486", "Data Encrypted for Impact" },
		{ "T1671", "Cloud Application Integration" },
		{ "T1027.999", "Obfuscated Files or Information" },
		{ "T1574.001", "DLL" },
		{ "T9999", NULL }, { "T9999.001", NULL },
		{ "", NULL }, { "T", NULL }, { "PowerShell", NULL },
		{ "T1059x001", NULL },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(technique_name(cases[i].id), cases[i].want,
		   "technique '%s'", cases[i].id);
	return tap_done();
}
