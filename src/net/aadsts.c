#include "net/aadsts.h"

#define CONDITIONAL_ACCESS "Conditional Access of the tenant keeps us out; " \
	"its administrator has to except the application"
#define SECOND_FACTOR "the tenant demands a second factor of the person " \
	"whose refresh token it is; sign in anew with it"
#define NO_MEMBER "the person whose refresh token it is is not in that " \
	"tenant; the partner relationship has to be renewed"
#define NO_LICENCE "the tenant lacks the service that is asked; it needs a " \
	"licence of Defender"
#define NOT_THERE "the application is not in that tenant; its administrator " \
	"has to consent"
#define TOKEN_EXPIRED "the refresh token has expired; sign in anew and put " \
	"the new one into refresh-token-file"
#define TOKEN_REVOKED "the refresh token was revoked; sign in anew and put " \
	"the new one into refresh-token-file"
#define CLOCK "the clock of this machine is wrong; set it by NTP"
#define PASSING "Entra ID has a passing fault"

/* Codes of one cause stand together. */
static const struct {
	int64_t code;
	enum turn turn;
	unsigned int flags;
	const char *sentence;
} codes[] = {
	{ 7000215, TURN_OURS, AADSTS_APP, "the secret of the application is "
	  "wrong; put its value, not its id, into secret-file" },
	{ 70002, TURN_OURS, AADSTS_APP, "the secret of the application is "
	  "wrong; put its value, not its id, into secret-file" },
	{ 7000222, TURN_OURS, AADSTS_APP, "the secret of the application has "
	  "expired; make a new one and put it into secret-file" },
	{ 7000218, TURN_OURS, AADSTS_APP, "Entra ID wants a secret or a "
	  "certificate; add secret-file or certificate-file to the app" },
	{ 700025, TURN_OURS, AADSTS_APP, "the application is registered as a "
	  "public client; change that, or remove secret-file and "
	  "certificate-file" },
	{ 700027, TURN_OURS, AADSTS_APP | AADSTS_SETTLES, "the certificate is "
	  "not registered with the application; upload it to its "
	  "registration" },
	{ 50012, TURN_OURS, AADSTS_APP | AADSTS_SETTLES, "the certificate's "
	  "signature was not accepted; check that certificate-file is the "
	  "registered one" },
	{ 50003, TURN_OURS, AADSTS_APP | AADSTS_SETTLES, "the application has "
	  "no key that Entra ID knows; upload its certificate to its "
	  "registration" },
	{ 700030, TURN_OURS, AADSTS_APP, "the certificate was not accepted; "
	  "register it with the application" },
	{ 700024, TURN_OURS, AADSTS_APP, CLOCK },
	{ 500133, TURN_OURS, AADSTS_APP, CLOCK },
	{ 70001, TURN_OURS, AADSTS_APP, "the application is disabled; enable "
	  "its registration" },
	{ 70011, TURN_OURS, AADSTS_APP, "the scope was refused; check cloud, "
	  "graph and endpoint of the app" },
	{ 28002, TURN_OURS, AADSTS_APP, "the scope was refused; check cloud, "
	  "graph and endpoint of the app" },
	{ 50196, TURN_OURS, AADSTS_APP, "Entra ID sees a loop of token "
	  "requests; report it as a fault of tocsin" },
	{ 900144, TURN_OURS, AADSTS_APP, "Entra ID does not understand the "
	  "request; report it as a fault of tocsin" },
	{ 9002313, TURN_OURS, AADSTS_APP, "Entra ID does not understand the "
	  "request; report it as a fault of tocsin" },
	{ 50194, TURN_OURS, AADSTS_APP, "the application is not registered "
	  "for several tenants; change its supported account types" },
	{ 900432, TURN_OURS, AADSTS_APP, "the application is registered in "
	  "another cloud; register one in this cloud" },
	{ 9001023, TURN_OURS, 0, "this grant needs the tenant's own end "
	  "point; check the tenant id" },
	{ 90002, TURN_OURS, 0, "there is no such tenant in this cloud; check "
	  "the tenant id and the cloud of the app" },
	{ 900023, TURN_OURS, 0, "that is no tenant id; check it" },
	{ 90038, TURN_OURS, 0, "the tenant is in another cloud; use an app "
	  "with that cloud" },
	{ 700082, TURN_OURS, AADSTS_APP, TOKEN_EXPIRED },
	{ 700084, TURN_OURS, AADSTS_APP, TOKEN_EXPIRED },
	{ 70008, TURN_OURS, AADSTS_APP, TOKEN_EXPIRED },
	{ 50089, TURN_OURS, AADSTS_APP, TOKEN_EXPIRED },
	{ 50173, TURN_OURS, AADSTS_APP, TOKEN_REVOKED },
	{ 50132, TURN_OURS, AADSTS_APP, TOKEN_REVOKED },
	{ 50133, TURN_OURS, AADSTS_APP, TOKEN_REVOKED },
	{ 70043, TURN_OURS, AADSTS_APP, "the refresh token was revoked by a "
	  "policy; sign in anew and put the new one into refresh-token-file" },
	{ 70000, TURN_OURS, AADSTS_APP | AADSTS_SETTLES, "the refresh token "
	  "is not accepted; sign in anew and put the new one into "
	  "refresh-token-file" },
	{ 50057, TURN_OURS, AADSTS_APP, "the account of the person whose "
	  "refresh token it is is disabled; sign in with another" },
	{ 50053, TURN_OURS, AADSTS_APP | AADSTS_SETTLES, "the account of the "
	  "person whose refresh token it is is locked; unlock it" },
	{ 53011, TURN_OURS, AADSTS_APP, "the person whose refresh token it is "
	  "is blocked as a risk; dismiss the risk, and sign in anew" },
	{ 530034, TURN_OURS, AADSTS_APP, "the person whose refresh token it "
	  "is is blocked as a risk; dismiss the risk, and sign in anew" },
	{ 50105, TURN_OURS, AADSTS_APP, "the person whose refresh token it is "
	  "may not use the application; assign it" },
	{ 700016, TURN_CONSENT, 0, NOT_THERE },
	{ 700011, TURN_CONSENT, 0, NOT_THERE },
	{ 7000229, TURN_CONSENT, 0, NOT_THERE },
	{ 65001, TURN_CONSENT, 0, "the tenant has not consented to what the "
	  "application asks; its administrator has to consent again" },
	{ 650056, TURN_CONSENT, 0, "the tenant has not consented to what the "
	  "application asks; its administrator has to consent again" },
	{ 650057, TURN_OURS, AADSTS_APP, "the permission is not in the "
	  "registration of the application; add it, and every customer has to "
	  "consent again" },
	{ 7000112, TURN_THEIRS, 0, "the application is disabled in that "
	  "tenant; its administrator has to enable it" },
	{ 650051, TURN_THEIRS, 0, "the service principal cannot be used in "
	  "that tenant; its administrator has to repair the consent" },
	{ 650052, TURN_THEIRS, 0, NO_LICENCE },
	{ 500011, TURN_THEIRS, 0, NO_LICENCE },
	{ 650054, TURN_THEIRS, 0, NO_LICENCE },
	{ 500014, TURN_THEIRS, 0, "the service that is asked is disabled in "
	  "that tenant; a licence has lapsed, or its administrator has to "
	  "enable it" },
	{ 50001, TURN_THEIRS, 0, "the service that is asked is disabled in "
	  "that tenant; a licence has lapsed, or its administrator has to "
	  "enable it" },
	{ 5000224, TURN_THEIRS, 0, "the tenant is not available; ask the "
	  "customer whether it still exists" },
	{ 50076, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 50078, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 50079, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 50074, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 50072, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 50158, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 53004, TURN_THEIRS, 0, SECOND_FACTOR },
	{ 53000, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 53001, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 53002, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 53003, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 530031, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 530032, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 530035, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 50005, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 50097, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 50131, TURN_THEIRS, 0, CONDITIONAL_ACCESS },
	{ 500021, TURN_OURS, 0, "a restriction of tenants on the way "
	  "keeps us out; whoever runs the proxy between has to allow the "
	  "tenant" },
	{ 500022, TURN_OURS, 0, "a restriction of tenants on the way "
	  "keeps us out; whoever runs the proxy between has to allow the "
	  "tenant" },
	{ 50002, TURN_OURS, 0, "a restriction of tenants on the way "
	  "keeps us out; whoever runs the proxy between has to allow the "
	  "tenant" },
	{ 500212, TURN_OURS, 0, "our own policy of access to other "
	  "tenants keeps us out; allow the tenant in it" },
	{ 500213, TURN_THEIRS, 0, "the tenant's policy of access from other "
	  "tenants keeps us out; its administrator has to allow ours" },
	{ 50020, TURN_THEIRS, 0, NO_MEMBER },
	{ 50034, TURN_THEIRS, 0, NO_MEMBER },
	{ 51004, TURN_THEIRS, 0, NO_MEMBER },
	{ 50177, TURN_THEIRS, 0, NO_MEMBER },
	{ 90072, TURN_THEIRS, 0, NO_MEMBER },
	{ 90099, TURN_THEIRS, 0, "the tenant has not authorized the partner's "
	  "application; the relationship has to be renewed" },
	{ 90055, TURN_LATER, 0, "Entra ID throttles the tenant" },
	{ 50000, TURN_LATER, 0, PASSING },
	{ 50033, TURN_LATER, 0, PASSING },
	{ 50087, TURN_LATER, 0, PASSING },
	{ 90006, TURN_LATER, 0, PASSING },
	{ 90012, TURN_LATER, 0, PASSING },
	{ 90024, TURN_LATER, 0, PASSING },
	{ 90033, TURN_LATER, 0, PASSING },
	{ 90036, TURN_LATER, 0, PASSING },
	{ 90090, TURN_LATER, 0, PASSING },
	{ 51005, TURN_LATER, 0, PASSING },
};

bool
aadsts_find(int64_t code, struct refusal *out)
{
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		if (codes[i].code != code)
			continue;
		*out = (struct refusal){
			.turn = codes[i].turn,
			.settles = codes[i].flags & AADSTS_SETTLES,
			.is_of_app = codes[i].flags & AADSTS_APP,
			.sentence = codes[i].sentence,
		};
		return true;
	}
	return false;
}
