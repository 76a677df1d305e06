#include "daemon/gone.h"

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "conf/conf.h"
#include "daemon/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { GONE_MOST = 256 << 20 };		/* octets of the roll */

/* ---- reading ---- */

/* A file of the state as text; "" when there is none. */
static const char *
read_text(const char *state, const char *name, struct arena *arena)
{
	const char *path = arena_printf(arena, "%s/%s", state, name);
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	const char *text = "";

	if (file_read(path, GONE_MOST, &bytes, &error) == OUTCOME_OK)
		text = arena_strndup(arena, bytes.data, bytes.len);
	buf_release(&bytes);
	buf_release(&error);
	return text;
}

static bool
has_line(const char *text, const char *line)
{
	size_t length = strlen(line);

	while (*text) {
		size_t here = strcspn(text, "\n");

		if (here == length && !memcmp(text, line, length))
			return true;
		text += here + (text[here] == '\n');
	}
	return false;
}

static gone_texts
texts_of(const struct json *array, struct arena *arena)
{
	const struct json *one = json_first(array);
	gone_texts texts = { 0 };

	for (; one; one = json_next(one))
		if (json_text(one))
			vec_push(arena, &texts,
				 arena_strdup(arena, json_text(one)));
	return texts;
}

static const char *
text_of(const struct json *object, const char *name, struct arena *arena)
{
	const char *text = json_text(json_member(object, name));

	return arena_strdup(arena, text ? text : "");
}

static struct gone_customer
customer_of(const struct json *json, struct arena *arena)
{
	return (struct gone_customer){
		.name = text_of(json, "name", arena),
		.file = text_of(json, "file", arena),
		.text = text_of(json, "text", arena),
		.tenants = texts_of(json_member(json, "tenants"), arena),
		.mailboxes = texts_of(json_member(json, "mailboxes"), arena),
		.since = json_integer(json_member(json, "since"),
				      TIME_UNKNOWN),
	};
}

static void
read_roll(const char *state, struct arena *arena, struct gone_roll *roll)
{
	const char *text = read_text(state, "customers", arena);
	struct buf error = BUF_INIT;
	struct json *json = json_parse(text, strlen(text), &error);
	const struct json *one = json_first(json_member(json, "customers"));

	for (; one; one = json_next(one)) {
		struct gone_customer customer = customer_of(one, arena);

		if (*customer.name)
			vec_push(arena, &roll->list, customer);
	}
	json_destroy(&json);
	buf_release(&error);
}

void
gone_read(const char *state, struct arena *arena, struct gone_roll *roll_out)
{
	const char *forget = read_text(state, "forget", arena);
	struct gone_roll all = { 0 };
	size_t i;

	*roll_out = (struct gone_roll){ 0 };
	read_roll(state, arena, &all);
	for (i = 0; i < all.list.count; i++)
		if (!has_line(forget, all.list.items[i].name))
			vec_push(arena, &roll_out->list, all.list.items[i]);
}

/* ---- who is missed ---- */

static bool
has_any(const struct map *claims, const gone_texts *texts)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		if (map_find(claims, texts->items[i]))
			return true;
	return false;
}

static bool
is_there(const struct gone_customer *one, const struct generation *generation)
{
	const struct customers *customers = generation->customers;

	return map_find(customers->by_name, one->name) ||
	       has_any(customers->by_tenant, &one->tenants) ||
	       has_any(customers->by_mailbox, &one->mailboxes);
}

void
gone_find(const struct gone_roll *roll, const struct generation *generation,
	  struct arena *arena, struct gone_roll *missed)
{
	size_t i;

	for (i = 0; i < roll->list.count; i++)
		if (!is_there(&roll->list.items[i], generation))
			vec_push(arena, &missed->list, roll->list.items[i]);
}

static bool
is_missed(const struct gone_roll *missed, const char *customer)
{
	size_t i;

	for (i = 0; i < missed->list.count; i++)
		if (!strcmp(missed->list.items[i].name, customer))
			return true;
	return false;
}

/* ---- what is left of a text ---- */

static bool
is_defined(const struct generation *generation, const char *name)
{
	const conf_nodes *nodes = &generation->conf->nodes;
	size_t i;

	for (i = 0; i < nodes->count; i++)
		if (nodes->items[i]->words.count &&
		    !strcmp(conf_word(nodes->items[i], 0).text, name))
			return true;
	return false;
}

static bool
is_of_use(const struct conf_node *node, const struct generation *generation,
	  const struct gone_roll *missed)
{
	const char *name = conf_word(node, 0).text;

	if (!strcmp(node->keyword, "customer"))
		return is_missed(missed, name);
	if (!strcmp(node->keyword, "test"))
		return false;
	return !node->words.count || !is_defined(generation, name);
}

static void
blank(char *text, size_t from, size_t to)
{
	for (; from < to; from++)
		if (text[from] != '\n')
			text[from] = ' ';
}

const char *
gone_rest(const char *text, const struct generation *generation,
	  const struct gone_roll *missed, struct arena *arena)
{
	const struct conf *conf = conf_load_text(arena, "last good", text,
						 diag_create(arena));
	char *rest = arena_strdup(arena, conf->files.items[0]->text);
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		size_t end = i + 1 < conf->nodes.count ?
			     conf->nodes.items[i + 1]->place.offset :
			     strlen(rest);

		if (!is_of_use(node, generation, missed))
			blank(rest, node->place.offset, end);
	}
	return rest;
}

/* ---- keeping ---- */

static void
add_claims(const struct conf_node *customer, const char *keyword,
	   struct json *array, struct arena *arena)
{
	size_t i, j;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		if (strcmp(node->keyword, keyword))
			continue;
		for (j = 0; j < node->words.count; j++)
			json_add_text(array, text_fold(arena,
						conf_word(node, j).text));
	}
}

static void
add_loaded(const struct customer *customer, struct json *list,
	   struct arena *arena)
{
	const char *file = customer->node->place.file->name;
	struct json *one = json_add_object(list);

	json_set_text(one, "name", customer->name);
	json_set_text(one, "file", file);
	json_set_text(one, "text", kept_name(arena, file));
	add_claims(customer->node, "tenant", json_set_array(one, "tenants"),
		   arena);
	add_claims(customer->node, "mailbox",
		   json_set_array(one, "mailboxes"), arena);
}

static void
add_texts(const gone_texts *texts, struct json *array)
{
	size_t i;

	for (i = 0; i < texts->count; i++)
		json_add_text(array, texts->items[i]);
}

static void
add_missed(const struct gone_customer *customer, struct json *list)
{
	struct json *one = json_add_object(list);

	json_set_text(one, "name", customer->name);
	json_set_text(one, "file", customer->file);
	json_set_text(one, "text", customer->text);
	add_texts(&customer->tenants, json_set_array(one, "tenants"));
	add_texts(&customer->mailboxes, json_set_array(one, "mailboxes"));
	json_set_integer(one, "since", customer->since);
}

/* Only when it is another one: a reload should cost no sync for nothing. */
static enum outcome
replace(const char *state, const char *name, const struct buf *text,
	struct arena *arena, struct buf *error)
{
	if (!strcmp(read_text(state, name, arena), text->data))
		return OUTCOME_OK;
	return file_replace(arena_printf(arena, "%s/%s", state, name),
			    text->data, text->len, 0600, error);
}

static enum outcome
write_roll(const char *state, const struct generation *generation,
	   const struct gone_roll *missed, struct arena *arena,
	   struct buf *error)
{
	struct json *json = json_object();
	struct json *list = json_set_array(json, "customers");
	const struct customers *customers = generation->customers;
	struct buf text = BUF_INIT;
	enum outcome outcome;
	size_t i;

	for (i = 0; i < customers->list.count; i++)
		if (!is_missed(missed, customers->list.items[i]->name))
			add_loaded(customers->list.items[i], list, arena);
	for (i = 0; i < missed->list.count; i++)
		add_missed(&missed->list.items[i], list);
	json_print(json, &text);
	json_destroy(&json);
	outcome = replace(state, "customers", &text, arena, error);
	buf_release(&text);
	return outcome;
}

/* Who is still missed was named after the load began. */
static enum outcome
drop_forgotten(const char *state, const struct gone_roll *missed,
	       struct arena *arena, struct buf *error)
{
	const char *text = read_text(state, "forget", arena);
	struct buf left = BUF_INIT;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < missed->list.count; i++)
		if (has_line(text, missed->list.items[i].name))
			buf_printf(&left, "%s\n", missed->list.items[i].name);
	if (*text && left.len)
		outcome = replace(state, "forget", &left, arena, error);
	else if (*text)
		(void)unlink(arena_printf(arena, "%s/forget", state));
	buf_release(&left);
	return outcome;
}

enum outcome
gone_keep(const char *state, const struct generation *generation,
	  const struct gone_roll *missed, struct buf *error)
{
	struct arena *arena = arena_create();
	enum outcome outcome = write_roll(state, generation, missed, arena,
					  error);

	if (outcome == OUTCOME_OK)
		outcome = drop_forgotten(state, missed, arena, error);
	arena_destroy(&arena);
	return outcome;
}

static enum outcome
append_line(const char *path, const char *line, struct buf *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	bool good = fd >= 0 && file_write_all(fd, line, strlen(line)) &&
		    !fsync(fd);

	if (!good)
		buf_printf(error, "cannot write %s: %s", path,
			   strerror(errno));
	if (fd >= 0)
		(void)close(fd);	/* synced, or failed already */
	return good ? OUTCOME_OK : OUTCOME_TEMPORARY;
}

enum outcome
gone_forget(const char *state, const char *customer, struct buf *error)
{
	struct arena *arena = arena_create();
	struct gone_roll roll = { 0 };
	enum outcome outcome;

	read_roll(state, arena, &roll);
	if (is_missed(&roll, customer)) {
		outcome = append_line(
			arena_printf(arena, "%s/forget", state),
			arena_printf(arena, "%s\n", customer), error);
	} else {
		buf_printf(error, "no customer '%s' was ever in force",
			   customer);
		outcome = OUTCOME_PERMANENT;
	}
	arena_destroy(&arena);
	return outcome;
}
