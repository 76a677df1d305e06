/*
 * Whole mails, as octets, read with the shipped formats: what a field is, and
 * whether that is certain. Each row is one way in which mail programs,
 * gateways and automations write what somebody else wrote.
 */
#include "tap.h"

#include "base/text.h"
#include "conf/conf.h"
#include "normalize/normalize.h"
#include "parse/parse.h"

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define OTHER "0d4f5a6b-7c8d-4e9f-a0b1-c2d3e4f50617"
#define ALERT "da638991234567890123_-120045"
#define PORTAL "https://security.microsoft.com/"
#define LINK PORTAL "alerts/" ALERT "?tid=" TENANT
#define SUBJECT "High-severity alert: Rare process"
#define CELLS(label, value) \
	"<table><tr><td>" label "</td><td>" value "</td></tr></table>"

/* "Content-Type: text/plain" and "Device: ws-1", in CMS. */
#define SIGNED \
	"MIHcBgkqhkiG9w0BBwKggc4wgcsCAQMxDTALBglghkgBZQMEAgEwOQYJKoZIhvcNAQcB" \
	"oCwEKkNvbnRlbnQtVHlwZTogdGV4dC9wbGFpbg0KDQpEZXZpY2U6\nIHdzLTENCjF8MH" \
	"oCAQOAFOhmoXFOXanmogL9aAOlRjno+PfzMAsGCWCGSAFlAwQCATAKBggqhkjOPQQDAgR" \
	"GMEQCIASSd0a54CkPaWD+8xnLzP/oB6jMJsBL\nSWhdnNggeZdqAiAJ/hY/l22TDCiofZ" \
	"vrDTVq6HsSEoLiRYIBgcRyRdgbDw==\n"
#define STREAMED \
	"MIAGCSqGSIb3DQEHAqCAMIACAQMxDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcBoIAk" \
	"gAQqQ29udGVudC1UeXBlOiB0ZXh0L3BsYWluDQoNCkRldmljZTog\nd3MtMQ0KAAAAAA" \
	"AAMX0wewIBA4AU6GahcU5dqeaiAv1oA6VGOej49/MwCwYJYIZIAWUDBAIBMAoGCCqGSM4" \
	"9BAMCBEcwRQIgaM1yVNoRRaeyCUsPN0MvkRJJ\nTNOBwjMNTVvi6NGibaoCIQD9RFEPNB" \
	"bcAeGs3DmyD5eGryDzlKOHEFPr551mosQn8QAAAAAAAA==\n"
#define ENVELOPED \
	"MIGlBgkqhkiG9w0BBwOggZcwgZQCAQIxMaIvAgEEMAMEAQEwCwYJYIZIAWUDBAEFBBhj" \
	"0wJ5deDhFX8Lq83/I7w1OXFl7+DikSwwXAYJKoZIhvcNAQcBMB0G\nCWCGSAFlAwQBAg" \
	"QQoVcxOEXvxDHKmXUS3+a1DIAwi48hWSL/Lx9ZjLWUi2idAVKC0t5JRPoERjQxwGCUERC" \
	"+2I6u/MqWdPBhilLPucdk\n"

static const struct formats *formats;
static const struct customers *customers;
static struct arena *arena;

struct mail_case {
	const char *name;
	const char *subject;
	const char *type;	/* of the body: "plain", "html" */
	const char *body;
	const char *want;	/* "severity=low device=a|b device?": values, and
				   which are not certain; `!` for which are */
};

static const struct mail_case values[] = {
	{ "line breaks part devices", SUBJECT, "html",
	  CELLS("Device", "ws-1<br>dc-7"), "device=ws-1|dc-7 device!" },
	{ "paragraphs do", SUBJECT, "html",
	  CELLS("Device", "<p>ws-1</p><p>dc-7</p>"), "device=ws-1|dc-7" },
	{ "so do points of a list", SUBJECT, "html",
	  CELLS("Device", "<ul><li>ws-1<li>dc-7</ul>"), "device=ws-1|dc-7" },
	{ "so do blocks", SUBJECT, "html",
	  CELLS("Device", "<div>ws-1</div><div>dc-7</div>"),
	  "device=ws-1|dc-7" },
	{ "so does a blank between names", SUBJECT, "html",
	  CELLS("Device", "ws-1 dc-7"), "device=ws-1|dc-7" },
	{ "words between names are nobody's name", SUBJECT, "html",
	  CELLS("Device", "ws-1 und dc-7"), "device?" },
	{ "there are more", SUBJECT, "html",
	  CELLS("Device", "ws-1 (+3 more)"), "device?" },
	{ "there are more, in a point of its own", SUBJECT, "html",
	  CELLS("Device", "ws-1<br>+3"), "device?" },
	{ "a second row without a label", SUBJECT, "html",
	  "<table><tr><td>Device</td><td>ws-1</td></tr><tr><td></td><td>dc-7"
	  "</td></tr></table>", "device=ws-1|dc-7" },
	{ "a label that spans two rows", SUBJECT, "html",
	  "<table><tr><td rowspan=\"2\">Device</td><td>ws-1</td></tr><tr><td>"
	  "dc-7</td></tr></table>", "device=ws-1|dc-7" },
	{ "several cells beside a label", SUBJECT, "html",
	  "<table><tr><td>Device</td><td>ws-1</td><td>dc-7</td></tr></table>",
	  "device=ws-1|dc-7" },
	{ "a table beside a label", SUBJECT, "html",
	  CELLS("Device", "<table><tr><td>ws-1</td></tr></table>"),
	  "device=ws-1 device?" },
	{ "a table beside a label, and a row that was read", SUBJECT, "html",
	  CELLS("Device", "ws-1") CELLS("Device", "<table><tr><td>dc-7</td>"
	  "<td>Windows</td></tr></table>"), "device?" },
	{ "several definitions", SUBJECT, "html",
	  "<dl><dt>Device</dt><dd>ws-1</dd><dd>dc-7</dd></dl>",
	  "device=ws-1|dc-7" },
	{ "names below a row of a text", SUBJECT, "plain",
	  "Device: ws-1\n        dc-7\nUser: a@x.example\n",
	  "device=ws-1|dc-7 user=a@x.example" },
	{ "points below a row of a text", SUBJECT, "plain",
	  "Devices: ws-1\n - dc-7\n - web-2\n\nRegards\n",
	  "device=ws-1|dc-7|web-2" },
	{ "one name a line in a page", SUBJECT, "html",
	  "<p>Devices: ws-1<br>dc-7<br>User: a@x.example</p>",
	  "device=ws-1|dc-7" },
	{ "a column", SUBJECT, "html",
	  "<table><tr><th>Device</th><th>Device group</th></tr><tr><td>ws-1"
	  "</td><td>Lab</td></tr><tr><td>dc-7</td><td>DC</td></tr></table>",
	  "device=ws-1|dc-7 device-group=Lab|DC device!" },
	{ "a column with a row that has other columns", SUBJECT, "html",
	  "<table><tr><th>Device</th><th>Device group</th><th>User</th></tr>"
	  "<tr><td>ws-1</td><td>Lab</td><td>a@x.example</td></tr>"
	  "<tr><td>dc-7</td><td>DC</td></tr></table>", "device?" },
	{ "users are parted as well", SUBJECT, "html",
	  CELLS("User", "a@x.example<br>b@x.example"),
	  "user=a@x.example|b@x.example" },
};

static const struct mail_case severities[] = {
	{ "a word that nobody knows beside one that is known", "x", "html",
	  CELLS("Severity", "Low") CELLS("Severity", "Bedrohlich"),
	  "severity=bedrohlich severity?" },
	{ "the other way round", "x", "html",
	  CELLS("Severity", "Bedrohlich") CELLS("Severity", "Low"),
	  "severity=bedrohlich severity?" },
	{ "a known one in the subject, another in the body",
	  "Low-severity alert: x", "html", CELLS("Severity", "Bedrohlich"),
	  "severity?" },
	{ "two that are known: the higher", "x", "html",
	  CELLS("Severity", "Low") CELLS("Severity", "High"),
	  "severity=high severity!" },
	{ "a gateway's word", "EXTERN: Low-severity alert: x", "html", "x",
	  "severity=low severity! title=x" },
	{ "words of a gateway that nobody knows",
	  "Acme Mail Guard: Low-severity alert: x", "html", "x",
	  "severity=low title=x" },
	{ "a tag and a forward", "[Externe Mail - bitte pruefen!] WG: "
	  "Medium-severity alert: x", "html", "x", "severity=medium title=x" },
	{ "stars", "*****SPAM***** Low-severity alert: x", "html", "x",
	  "severity=low title=x" },
	{ "a count in a reply", "Re[4]: Low-severity alert: x", "html", "x",
	  "severity=low title=x" },
	{ "Chinese", "转发：高严重性警报：x", "html", "x",
	  "severity=high title=x" },
	{ "Danish", "Besked med mellem alvorsgrad: Mistænkelig", "html", "x",
	  "severity=medium title=Mistænkelig" },
	{ "Indonesian", "Pemberitahuan tingkat keparahan tinggi: Aneh", "html",
	  "x", "severity=high title=Aneh" },
};

static const struct mail_case labels[] = {
	{ "a label above its value", "x", "html",
	  "<b>Incident title:</b><br>Odd logon<br><br><b>Severity:</b><br>"
	  "Medium<br><br><b>Devices:</b><br>ws-1<br>dc-7<br><b>Incident ID:"
	  "</b><br>4711<br>", "title=Odd~logon severity=medium "
	  "device=ws-1|dc-7 incident=4711" },
	{ "a label above its value in a text", "x", "plain",
	  "Alert title:\nOdd logon\n\nSeverity:\nMedium\n",
	  "title=Odd~logon severity=medium" },
	{ "labels without colons above their values", "x", "html",
	  "<div>Title</div><div>Odd logon</div><div>Severity</div><div>Low"
	  "</div>", "title=Odd~logon severity=low" },
	{ "the first row of a table", "x", "html",
	  "<table><tr><td>Incident ID</td><td>Severity</td><td>Title</td></tr>"
	  "<tr><td>4711</td><td>Medium</td><td>Odd logon</td></tr></table>",
	  "incident=4711 severity=medium title=Odd~logon" },
	{ "the first row of two columns", "x", "html",
	  "<table><tr><td>Severity</td><td>Title</td></tr>"
	  "<tr><td>Medium</td><td>Odd logon</td></tr></table>",
	  "severity=medium severity! title=Odd~logon" },
	{ "a value that is also a label is a value", "x", "html",
	  "<table><tr><td>Category</td><td>Malware</td></tr>"
	  "<tr><td>Severity</td><td>Low</td></tr></table>",
	  "category=Malware severity=low threat=-" },
	{ "a title with a line break names no organisation", "x", "html",
	  CELLS("Title", "Odd<br>Organization: Fabrikam<br>Severity: Low"),
	  "organization=- severity=-" },
	{ "nor does one in paragraphs", "x", "html",
	  CELLS("<p>Title</p>", "<p>Odd</p><p>Severity: Low</p>"),
	  "severity=-" },
	{ "nor a file name in a row that nobody knows", "x", "html",
	  CELLS("File", "a.exe<br>Organization: Fabrikam"),
	  "organization=-" },
	{ "nor a line of a text that is further in", "x", "plain",
	  "Title: Odd\n   Organization: Fabrikam\n   Severity: Low\n",
	  "organization=- severity=-" },
	{ "layout around rows is no value", "x", "html",
	  "<table><tr><td>Acme</td><td>Severity: Low<br>Title: Odd</td></tr>"
	  "</table>", "severity=low title=Odd" },
};

static const struct mail_case links[] = {
	{ "a link", SUBJECT, "plain", "See " LINK " for more\n",
	  "alert=" ALERT " tenant=" TENANT },
	{ "brackets and a full stop", SUBJECT, "plain", "(see " LINK ").\n",
	  "alert=" ALERT " tenant=" TENANT },
	{ "Markdown", SUBJECT, "plain", "[Open](" LINK ")\n",
	  "alert=" ALERT " tenant=" TENANT },
	{ "angle brackets over two lines", SUBJECT, "plain",
	  "<" PORTAL "alerts/da638991234\n567890123_-120045?tid=" TENANT ">\n",
	  "alert=" ALERT " tenant=" TENANT },
	{ "an alert that a line end cut", SUBJECT, "plain",
	  PORTAL "alerts/da638991234\n567890123_-120045?tid=" TENANT "\n",
	  "alert=- alert? tenant?" },
	{ "an alert that a line end cut in its second number", SUBJECT, "plain",
	  PORTAL "alerts/da638991234567890123_-12\n0045?tid=" TENANT "\n",
	  "alert=- alert?" },
	{ "an incident that a line end cut", SUBJECT, "plain",
	  PORTAL "incident2/47\n11/overview?tid=" TENANT "\n",
	  "incident=- incident?" },
	{ "in a row as well", SUBJECT, "plain",
	  "Incident link: " PORTAL "incident2/47\n11/overview\n",
	  "incident=- incident?" },
	{ "an incident at the end of a paragraph", SUBJECT, "plain",
	  PORTAL "incident2/4711\n\nRegards\n", "incident=4711 incident!" },
	{ "punctuation in a page", SUBJECT, "html",
	  "<a href=\"" PORTAL "alerts/" ALERT "?tid=" TENANT ").\">x</a>",
	  "alert=" ALERT " tenant=" TENANT },
	{ "braces", SUBJECT, "html", "<a href=\"" PORTAL "?tid={" TENANT "}\">"
	  "x</a>", "tenant=" TENANT },
	{ "no dashes", SUBJECT, "html", "<a href=\"" PORTAL
	  "?tid=72f988bf86f141af91ab2d7cd011db47\">x</a>", "tenant=" TENANT },
	{ "behind a semicolon", SUBJECT, "html", "<a href=\"" PORTAL "alerts/"
	  ALERT ";tid=" TENANT "\">x</a>",
	  "alert=" ALERT " tenant=" TENANT },
	{ "a tenant that is none", SUBJECT, "html", "<a href=\"" PORTAL
	  "?tid=72f988bf-86f1\">x</a>", "tenant=- tenant?" },
	{ "Safe Links", SUBJECT, "html", "<a href=\"https://eur03.safelinks."
	  "protection.outlook.com/?url=https%3A%2F%2Fsecurity.microsoft.com"
	  "%2Falerts%2F" ALERT "%3Ftid%3D" TENANT "&amp;data=05%7C02%7C\">x"
	  "</a>", "alert=" ALERT " tenant=" TENANT },
	{ "Proofpoint v2", SUBJECT, "html", "<a href=\"https://urldefense."
	  "proofpoint.com/v2/url?u=https-3A__security.microsoft.com_incident2_"
	  "4711_overview-3Ftid-3D72f988bf-2D86f1-2D41af-2D91ab-2D2d7cd011db47"
	  "&amp;d=DwMFaQ\">x</a>", "incident=4711 tenant=" TENANT },
	{ "Proofpoint v3", SUBJECT, "html", "<a href=\"https://urldefense.com/"
	  "v3/__https:/security.microsoft.com/alerts/" ALERT "*tid=" TENANT
	  "__;Pw!!Ab!Cd$\">x</a>", "alert=" ALERT " tenant=" TENANT },
	{ "Barracuda", SUBJECT, "html", "<a href=\"https://linkprotect.cudasvc."
	  "com/url?a=https%3a%2f%2fsecurity.microsoft.com%2fincident2%2f4711"
	  "%3ftid%3d" TENANT "&amp;c=E,1,x&amp;typo=1\">x</a>",
	  "incident=4711 tenant=" TENANT },
	{ "Mimecast", SUBJECT, "html", "<a href=\"https://protect-de.mimecast."
	  "com/s/Ab1C?domain=security.microsoft.com\">x</a>",
	  "alert=- alert? tenant? incident? severity!" },
	{ "Mimecast in a text", SUBJECT, "plain",
	  "https://url.de.m.mimecastprotect.com/s/Ab1C\n", "tenant?" },
	{ "Cisco", SUBJECT, "html", "<a href=\"https://secure-web.cisco.com/1a"
	  "-b_c/https%3A%2F%2Fsecurity.microsoft.com%2Fincident2%2F4711\">x</a>",
	  "incident=4711" },
};

static const struct mail_case parts[] = {
	{ "S/MIME that hides the text", "WG: " SUBJECT,
	  "x; x\nContent-Type: application/pkcs7-mime; name=smime.p7m",
	  "MIIF", "severity=high device? severity?" },
	{ "S/MIME that only signs", SUBJECT,
	  "x; x\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
	  "Content-Transfer-Encoding: base64", SIGNED,
	  "device=ws-1 device! severity=high severity!" },
	{ "S/MIME that only signs, as it was streamed, under no type", SUBJECT,
	  "x; x\nContent-Type: application/octet-stream; name=\"Smime.P7M\"\n"
	  "Content-Disposition: attachment\n"
	  "Content-Transfer-Encoding: base64", STREAMED,
	  "device=ws-1 device!" },
	{ "S/MIME that encrypts", SUBJECT,
	  "x; x\nContent-Type: application/pkcs7-mime; name=smime.p7m\n"
	  "Content-Transfer-Encoding: base64", ENVELOPED,
	  "severity? device?" },
	{ "what is signed beside a text is read with it",
	  SUBJECT, "x\nContent-Type: multipart/mixed; boundary=B",
	  "--B\n\nUser: ana\n--B\nContent-Type: application/pkcs7-mime\n"
	  "Content-Transfer-Encoding: base64\n\n" SIGNED "\n--B--\n",
	  "device=ws-1 user=ana device!" },
	{ "a sealed attachment beside a text", SUBJECT,
	  "x\nContent-Type: multipart/mixed; boundary=B",
	  "--B\n\nDevice: ws-1\n--B\nContent-Type: application/ms-tnef; "
	  "name=winmail.dat\n\nx\n--B--\n", "device=ws-1 device?" },
	{ "a signature hides nothing", SUBJECT,
	  "x\nContent-Type: multipart/signed; boundary=B",
	  "--B\n\nDevice: ws-1\n--B\nContent-Type: "
	  "application/pkcs7-signature; name=smime.p7s\n\nx\n--B--\n",
	  "device=ws-1 device!" },
	{ "a mail that is attached as a file", "please look",
	  "x\nContent-Type: multipart/mixed; boundary=B",
	  "--B\n\nsee\n--B\nContent-Type: application/octet-stream; "
	  "name=\"alert.EML\"\n\nSubject: Low-severity alert: Odd\nContent-Type:"
	  " text/plain\n\nDevice: ws-1\n--B--\n",
	  "severity=low title=Odd device=ws-1" },
	{ "GBK in a raw subject", "\xB8\xDF\xD1\xCF\xD6\xD8\xD0\xD4\xBE\xAF"
	  "\xB1\xA8\xA3\xBA\xD2\xEC\xB3\xA3",
	  "html; charset=gb2312", "x", "severity=high title=异常" },
	{ "ISO-2022-JP without a charset", SUBJECT, "x; x",
	  "\x1B$B%f!<%6!<\x1B(B: a@x.example\n", "user=a@x.example" },
	{ "UTF-8 under a Western name", "x", "html; charset=windows-1252",
	  CELLS("Gravité", "Élevée"), "severity=high" },
};

/* One of "field=a|b", "field?", "field!"; `~` stands for a blank. */
static void
check_one(const struct alert *alert, const char *want, const char *name)
{
	size_t length = strcspn(want, "=?!");
	enum alert_field field = alert_field_find(arena_strndup(arena, want,
								length));
	const struct alert_values *all = &alert->fields[field];
	struct buf text = BUF_INIT;
	size_t i;

	if (want[length] != '=') {
		ok(!all->incomplete == (want[length] == '!'), "%s: %s (%s)",
		   name, want, all->incomplete ? all->incomplete : "certain");
		return;
	}
	for (i = 0; i < all->count; i++)
		buf_printf(&text, "%s%s", i ? "|" : "", all->items[i].text);
	for (i = 0; text.data[i]; i++)
		text.data[i] = text.data[i] == ' ' ? '~' : text.data[i];
	is(all->count ? text.data : "-", want + length + 1, "%s: %s", name,
	   alert_fields[field].name);
	buf_release(&text);
}

static const char *
mail_of(const struct mail_case *one)
{
	const char *type = one->type;

	if (*type == 'x')	/* fields of its own follow, or none */
		return arena_printf(arena, "From: defender-noreply@microsoft."
				    "com\nSubject: %s\n%s\n\n%s", one->subject,
				    strchr(type, '\n') ? strchr(type, '\n') + 1
						       : "MIME-Version: 1.0",
				    one->body);
	return arena_printf(arena, "From: Office365Alerts@microsoft.com\n"
			    "Subject: %s\nContent-Type: text/%s%s\n\n%s",
			    one->subject, type, strchr(type, ';') ? "" :
			    "; charset=utf-8", one->body);
}

static void
check_mail(const struct mail_case *one)
{
	const char *mail = mail_of(one), *want = one->want;
	const struct normalized *got = normalize_mail(
		&(struct normalize_input){
			.formats = formats, .customers = customers,
			.domain = "relay.mssp.example",
			.message = parse_mail(arena, mail, strlen(mail)),
		}, arena);

	for (; *want; want += strcspn(want, " "), want += *want == ' ')
		check_one(got->alert, arena_strndup(arena, want,
						    strcspn(want, " ")),
			  one->name);
}

/* Whatever stands between two names, or before or behind them. */
static const char *const around[][3] = {
	{ "", "<br>", "" }, { "", "<br/><br/>", "" }, { "", "<hr>", "" },
	{ "<p>", "</p><p>", "</p>" }, { "<div>", "</div><div>", "</div>" },
	{ "<ul><li>", "</li><li>", "</li></ul>" },
	{ "<ol><li>", "<li>", "</ol>" }, { "<h3>", "</h3><h3>", "</h3>" },
	{ "<span>", "</span> <span>", "</span>" },
	{ "<b>", "</b>, <b>", "</b>" }, { "<pre>", "\n", "</pre>" },
	{ "<table><tr><td>", "</td></tr><tr><td>", "</td></tr></table>" },
	{ "<table><tr><td>", "</td><td>", "</td></tr></table>" },
	{ "", "</td><td>", "" }, { "", "</td></tr><tr><td></td><td>", "" },
	{ "", "</td></tr><tr><td>&nbsp;</td><td>", "" },
	{ "", "</td></tr><tr><td>Device</td><td>", "" },
	{ "", " ", "" }, { "", "&nbsp;", "" }, { "", ",", "" }, { "", ";", "" },
	{ "", " | ", "" }, { "", "|", "" }, { "", "/", "" }, { "", " / ", "" },
	{ "", "\\", "" }, { "", " \\ ", "" }, { "", " + ", "" },
	{ "", "+", "" }, { "", " & ", "" }, { "", "&amp;", "" },
	{ "", " and ", "" }, { "", " und ", "" }, { "", " et ", "" },
	{ "", "と", "" }, { "", "和", "" }, { "", "、", "" }, { "", "，", "" },
	{ "", "；", "" }, { "", "・", "" }, { "", " · ", "" }, { "", " • ", "" },
	{ "", " – ", "" }, { "", " - ", "" }, { "", " -> ", "" },
	{ "", " → ", "" }, { "", ":", "" }, { "", "=", "" }, { "", " (", ")" },
	{ "", "[", "]" }, { "\"", "\", \"", "\"" }, { "'", "' '", "'" },
	{ "1. ", " 2. ", "" }, { "1) ", " 2) ", "" }, { "", "\xE2\x80\xA8", "" },
	{ "", "\xE2\x80\x8B", "" }, { "", "\t", "" },
	{ "", "<!-- -->,", "" }, { "", "%0A", "" }, { "", "\\n", "" },
	{ "2 devices: ", ", ", "" },
};

static bool
is_surely_lab(const struct alert *alert)
{
	const struct alert_values *all = &alert->fields[ALERT_DEVICE];
	size_t i;

	for (i = 0; i < all->count; i++)
		if (!text_glob("lab-*", all->items[i].text))
			return false;
	return all->count && !all->incomplete;
}

/* A rule about every device like "lab-*" must not be sure of dc-7, however a
 * mail writes that there are two. */
static void
check_around(void)
{
	size_t i;

	for (i = 0; i < sizeof(around) / sizeof(*around); i++) {
		struct mail_case one = { .subject = SUBJECT, .type = "html" };
		const char *mail;
		const struct normalized *got;

		one.body = arena_printf(arena, "<table><tr><td>Device</td><td>"
					"%slab-1%sdc-7%s</td></tr></table>",
					around[i][0], around[i][1],
					around[i][2]);
		mail = mail_of(&one);
		got = normalize_mail(&(struct normalize_input){
			.formats = formats, .customers = customers,
			.domain = "relay.mssp.example",
			.message = parse_mail(arena, mail, strlen(mail)),
		}, arena);
		ok(!is_surely_lab(got->alert), "lab-1 and dc-7 in '%s...%s...%s'"
		   " are not surely all like lab-*", around[i][0], around[i][1],
		   around[i][2]);
	}
}

#define CHECK(cases) do { \
	size_t at; \
	for (at = 0; at < sizeof(cases) / sizeof(*(cases)); at++) \
		check_mail(&(cases)[at]); \
} while (0)

int
main(void)
{
	struct diag *diag;
	const struct conf *conf;

	arena = arena_create();
	diag = diag_create(arena);
	conf = conf_load(arena, "rules/formats.rules", NULL, diag);
	formats = formats_load(arena, &conf->nodes, diag);
	conf = conf_load(arena, "tests/mail/mail.conf", NULL, diag);
	customers = customers_load(arena, &conf->nodes, diag);
	ok(!diag_errors(diag), "the shipped formats load");
	CHECK(values);
	CHECK(severities);
	CHECK(labels);
	CHECK(links);
	CHECK(parts);
	check_around();
	arena_destroy(&arena);
	return tap_done();
}
