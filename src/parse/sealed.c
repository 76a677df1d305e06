#include "parse/sealed.h"

#include "base/text.h"

const char *const sealed_names[SEALED_KINDS] = {
	"", "smime", "pgp", "purview", "gateway", "tnef", "outlook", "piece",
	"large",
};

static const struct {
	const char *type;
	enum sealed kind;
} types[] = {
	{ "application/pkcs7-mime", SEALED_SMIME },
	{ "application/x-pkcs7-mime", SEALED_SMIME },
	{ "application/pgp-encrypted", SEALED_PGP },
	{ "application/x-microsoft-rpmsg-message", SEALED_PURVIEW },
	{ "application/ms-tnef", SEALED_TNEF },
	{ "application/vnd.ms-tnef", SEALED_TNEF },
	{ "application/vnd.ms-outlook", SEALED_OUTLOOK },
	{ "message/partial", SEALED_PIECE },
	{ "message/external-body", SEALED_PIECE },
};

/* How a name begins and how it ends; gateways call them all octets. */
static const struct {
	const char *start, *end;
	enum sealed kind;
} names[] = {
	{ "", ".p7m", SEALED_SMIME },
	{ "", ".pgp", SEALED_PGP },
	{ "", ".asc", SEALED_PGP },
	{ "", ".rpmsg", SEALED_PURVIEW },
	{ "securedoc", ".html", SEALED_GATEWAY },	/* Cisco */
	{ "securemessageatt", ".html", SEALED_GATEWAY }, /* Proofpoint */
	{ "message_zdm", ".html", SEALED_GATEWAY },	/* Proofpoint, older */
	{ "winmail", ".dat", SEALED_TNEF },
	{ "", ".tnef", SEALED_TNEF },
	{ "", ".msg", SEALED_OUTLOOK },
};

static bool
starts(const char *name, const char *start)
{
	return !strncasecmp(name, start, strlen(start));
}

static bool
ends(const char *name, const char *end)
{
	size_t length = strlen(name), want = strlen(end);

	return length >= want && !strcasecmp(name + length - want, end);
}

enum sealed
sealed_find(const char *type, const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(type, types[i].type))
			return types[i].kind;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (starts(name, names[i].start) && ends(name, names[i].end))
			return names[i].kind;
	return SEALED_NOT;
}

enum sealed
sealed_part(const struct message_part *part)
{
	return part->is_too_large ? SEALED_LARGE :
				    sealed_find(part->type, part->name);
}
