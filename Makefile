# tocsin: make demo, make check. See README.

VERSION = 0.1.0

PREFIX     = /usr/local
SYSCONFDIR = /etc
BINDIR     = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/tocsin
MANDIR     = $(PREFIX)/share/man
DATADIR    = $(PREFIX)/share/tocsin
UNITDIR    = /lib/systemd/system

# SANITIZE=1 builds the same programs under AddressSanitizer and
# UndefinedBehaviorSanitizer, beside the plain ones.
ifdef SANITIZE
B        = build/sanitize
HARDEN   = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
           -fno-sanitize-recover=all
LHARDEN  = -fsanitize=address,undefined
else
B        = build
HARDEN   = -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
           -fstack-clash-protection -fcf-protection -fPIE
LHARDEN  = -pie -Wl,-z,relro,-z,now,-z,noexecstack
endif

CC       = gcc
WARN     = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wformat=2 -Wvla -Wundef -Wpointer-arith \
           -Wwrite-strings -Wno-format-truncation
CPPFLAGS = -Isrc -I$(B)/gen -D_GNU_SOURCE -DTOCSIN_VERSION='"$(VERSION)"' \
           -include src/base/banned.h
CFLAGS   = -std=c11 -g $(WARN) $(HARDEN)
DEPFLAGS = -MMD -MP
LDFLAGS  = $(LHARDEN) -Wl,--as-needed

# One library, one door: see the list of doors in tests/lint/doors.
XML_CFLAGS  = -I/usr/include/libxml2
READER_LIBS = -letpan -lxml2
# libetpan-dev excludes libcurl's OpenSSL headers, which are the same bytes as
# the GnuTLS ones; only the library to link with is named.
TOCSIN_LIBS = -l:libcurl.so.4 -lcjson -lpcre2-8 -lsqlite3 -lcrypto -lpthread -lm

MAINS    = src/main.c src/intake/deliver_main.c src/parse/reader_main.c
SOURCES  = $(filter-out $(MAINS),$(wildcard src/*.c src/*/*.c))
OBJECTS  = $(SOURCES:src/%.c=$(B)/obj/%.o)
PROGRAMS = $(B)/tocsin $(B)/tocsin-deliver $(B)/tocsin-reader
UNITS    = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*_test.c))
TOOLS    = $(patsubst tests/tools/%.c,$(B)/tests/%,$(wildcard tests/tools/*.c))

# V=1 shows the commands.
ifdef V
say =
else
Q   = @
say = @echo '  $(1)' $@
endif

all: $(PROGRAMS)

# The shipped formats, templates and words are also the embedded defaults.
EMBEDDED = $(wildcard rules/formats.rules templates/*/*.mustache \
             templates/*.mustache templates/words/*.words)

$(B)/gen/embedded.inc: $(EMBEDDED) tools/embed
	@mkdir -p $(@D)
	tools/embed $(EMBEDDED) > $@.tmp
	mv $@.tmp $@

$(B)/obj/conf/embedded.o: $(B)/gen/embedded.inc

# The schema of the store as C strings, one a line.
$(B)/gen/%.sql.inc: src/store/%.sql
	@mkdir -p $(@D)
	sed 's/["\\]/\\&/g; s/.*/"&\\n"/' $< > $@.tmp
	mv $@.tmp $@

$(B)/obj/store/store_sqlite.o: \
	$(patsubst src/store/%.sql,$(B)/gen/%.sql.inc,$(wildcard src/store/*.sql))

$(B)/obj/parse/%.o: CPPFLAGS += $(XML_CFLAGS)

$(B)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

# Objects are linked from an archive, so that each program holds only what it
# calls: tocsin-deliver nothing but libc.
$(B)/libtocsin.a: $(OBJECTS)
	$(call say,AR  )
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/tocsin: $(B)/obj/main.o $(B)/libtocsin.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOCSIN_LIBS)

# Static: half the start-up time per mail, and no loader that could fail with a
# status of its own, which every MTA would take for a bounce.
ifndef SANITIZE
$(B)/tocsin-deliver: LDFLAGS += -static-pie
endif
$(B)/tocsin-deliver: $(B)/obj/intake/deliver_main.o $(B)/libtocsin.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/tocsin-reader: $(B)/obj/parse/reader_main.o $(B)/libtocsin.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(READER_LIBS)

$(B)/tests/%: tests/unit/%.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) $(XML_CFLAGS) -Itests/lib $(CFLAGS) $(DEPFLAGS) \
		-MF $@.d $(LDFLAGS) -o $@ $< $(B)/libtocsin.a \
		$(READER_LIBS) $(TOCSIN_LIBS)

# Programs that drive one stage by hand, for scenario tests.
$(B)/tests/%: tests/tools/%.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -MF $@.d $(LDFLAGS) -o $@ $< \
		$(B)/libtocsin.a $(TOCSIN_LIBS)

units: $(UNITS) $(TOOLS)

clean:
	rm -rf build

.PHONY: all units clean
.SECONDARY:
-include $(shell find $(B) -type f -name '*.d' 2>/dev/null)
