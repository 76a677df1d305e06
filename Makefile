# tocsin: make demo, make check. See README.

VERSION = 0.1.0

PREFIX     = /usr/local
SYSCONFDIR = /etc
BINDIR     = $(PREFIX)/bin
LIBEXECDIR = $(PREFIX)/libexec/tocsin
MANDIR     = $(PREFIX)/share/man
DATADIR    = $(PREFIX)/share/tocsin
UNITDIR    = /lib/systemd/system
# What `systemctl enable` makes.
ENABLED    = $(SYSCONFDIR)/systemd/system/multi-user.target.wants/tocsin.service

# SANITIZE=1 builds the same programs under AddressSanitizer and
# UndefinedBehaviorSanitizer, THREADS=1 under ThreadSanitizer, beside the plain
# ones.
ifdef FUZZ
HARDEN   = -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all \
           -fsanitize=fuzzer-no-link,address,undefined \
           -Wno-unknown-warning-option -Wno-format-nonliteral
LHARDEN  = -fsanitize=fuzzer,address,undefined
else ifdef SANITIZE
B        = build/sanitize
HARDEN   = -O1 -g1 -fno-omit-frame-pointer \
           -fsanitize=address,undefined -fno-sanitize-recover=all
LHARDEN  = -fsanitize=address,undefined
else ifdef THREADS
B        = build/threads
HARDEN   = -O1 -fno-omit-frame-pointer -fsanitize=thread
LHARDEN  = -fsanitize=thread
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
           -DTOCSIN_LIBEXECDIR='"$(LIBEXECDIR)"' \
           -include src/base/banned.h
CFLAGS   = -std=c11 -g $(WARN) $(HARDEN)
DEPFLAGS = -MMD -MP
LDFLAGS  = $(LHARDEN) -Wl,--as-needed

# One library, one door: src/README has the list of doors.
XML_CFLAGS  = -I/usr/include/libxml2
READER_LIBS = -letpan -lxml2 -lgnutls -lical
# libetpan-dev excludes libcurl's OpenSSL headers, which are the same bytes as
# the GnuTLS ones; only the library to link with is named.
TOCSIN_LIBS = -l:libcurl.so.4 -lcjson -lpcre2-8 -lsqlite3 -lcrypto -lzstd \
              -lpthread -lm

MAINS    = src/main.c src/intake/deliver_main.c src/parse/reader_main.c
SOURCES  = $(filter-out $(MAINS),$(wildcard src/*.c src/*/*.c))
OBJECTS  = $(SOURCES:src/%.c=$(B)/obj/%.o)
PROGRAMS = $(B)/tocsin $(B)/tocsin-deliver $(B)/tocsin-reader
UNITS    = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/*_test.c))
TOOLS    = $(patsubst tests/tools/%.c,$(B)/tests/%,$(wildcard tests/tools/*.c))
REPLAYS  = $(patsubst tests/fuzz/%.c,$(B)/tests/%,$(wildcard tests/fuzz/*_fuzz.c))

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
	$(call say,GEN )
	$(Q)tools/embed $(EMBEDDED) > $@.tmp
	$(Q)mv $@.tmp $@

$(B)/obj/conf/embedded.o: $(B)/gen/embedded.inc

# The schema of the store as C strings, one a line.
$(B)/gen/%.sql.inc: src/store/%.sql
	@mkdir -p $(@D)
	$(call say,GEN )
	$(Q)sed 's/["\\]/\\&/g; s/.*/"&\\n"/' $< > $@.tmp
	$(Q)mv $@.tmp $@

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
ifeq ($(SANITIZE)$(THREADS),)
$(B)/tocsin-deliver: LDFLAGS += -static-pie
endif
$(B)/tocsin-deliver: $(B)/obj/intake/deliver_main.o $(B)/libtocsin.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(B)/tocsin-reader: $(B)/obj/parse/reader_main.o $(B)/libtocsin.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(READER_LIBS) -lcjson

# What tests share, as an archive likewise.
$(B)/tests/lib/%.o: tests/lib/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

$(B)/tests/libtest.a: $(patsubst %.c,$(B)/%.o,$(wildcard tests/lib/*.c))
	$(call say,AR  )
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

$(B)/tests/%: tests/unit/%.c $(B)/tests/libtest.a $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) $(XML_CFLAGS) -Itests/lib $(CFLAGS) $(DEPFLAGS) \
		-MF $@.d $(LDFLAGS) -o $@ $< $(B)/tests/libtest.a \
		$(B)/libtocsin.a $(READER_LIBS) $(TOCSIN_LIBS)

# Programs that drive one stage by hand, for scenario tests.
$(B)/tests/%: tests/tools/%.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(DEPFLAGS) -MF $@.d $(LDFLAGS) -o $@ $< \
		$(B)/libtocsin.a $(TOCSIN_LIBS)

# reader_test starts the reader.
units: $(UNITS) $(TOOLS) $(REPLAYS) $(B)/tocsin-reader

$(B)/%_fuzz: tests/fuzz/%_fuzz.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(call say,FUZZ)
	$(Q)$(CC) $(CPPFLAGS) $(XML_CFLAGS) -Itests/fuzz $(CFLAGS) \
		$(LDFLAGS) -o $@ $< $(B)/libtocsin.a \
		$(READER_LIBS) $(TOCSIN_LIBS)

# The same without clang, for files that are named: what fuzzers have learned.
$(B)/tests/%_fuzz: tests/fuzz/%_fuzz.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(call say,TEST)
	$(Q)$(CC) $(CPPFLAGS) $(XML_CFLAGS) -Itests/fuzz -DFUZZ_REPLAY \
		$(CFLAGS) $(DEPFLAGS) -MF $@.d $(LDFLAGS) -o $@ $< \
		$(B)/libtocsin.a $(READER_LIBS) $(TOCSIN_LIBS)

fuzzers: $(patsubst tests/fuzz/%.c,$(B)/%,$(wildcard tests/fuzz/*_fuzz.c))

# ---- for whoever tries it ----

deps-build:
	@tools/deps build

deps-fuzz:
	@tools/deps fuzz

deps-check:
	@tools/deps check

demo: deps-build
	@$(MAKE) --no-print-directory -j2 all
	@tools/demo $(B)

# Every test twice: as shipped, and under the sanitizers. Most of the time they
# wait, so many run side by side, each in a folder of its own and on ports of
# its own; those that take longest begin.
LONG      = $(wildcard tests/scenario/bad_mail.t tests/scenario/api_*.t) \
            tests/scenario/trouble.t tests/scenario/dns.t tests/crash/crash.t
SCENARIOS = $(LONG) $(filter-out $(LONG),$(wildcard tests/scenario/*.t \
            tests/crash/*.t))
TESTS     = $(SCENARIOS) tests/lint/*.t tests/mustache-spec.t
# As shipped only: see tests/README.
ONCE      = $(patsubst %,tests/scenario/%.t,api_http2 postfix service idle install)
# Under the sanitizers in `make check-sanitized` only, for the time they take:
# what they read is read by others as well.
SLOW      = $(patsubst %,tests/scenario/%.t,gone relays replay commands outage \
            reload api_poll api_tokens api_many api_commands status eyes store \
            trouble backup rights rota)
JOBS      = 8
PROVE     = tests/lib/in_memory prove --timer --failures -j$(JOBS)
SAN_ENV   = ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 \
            UBSAN_OPTIONS=print_stacktrace=1

check: deps-check
	@begun=$$(date +%s); status=0; \
	$(MAKE) --no-print-directory check-both || status=$$?; \
	echo "make check took $$(($$(date +%s) - begun)) s"; exit $$status

check-both:
	@$(MAKE) --no-print-directory -j2 all units
	@$(MAKE) --no-print-directory -j2 SANITIZE=1 all units
	BUILD=build $(PROVE) $(TESTS) build/tests/*_test
	$(SAN_ENV) BUILD=build/sanitize $(PROVE) \
		$(filter-out $(ONCE) $(SLOW),$(SCENARIOS)) \
		build/sanitize/tests/*_test

check-sanitized: deps-check
	@$(MAKE) --no-print-directory -j2 SANITIZE=1 all units
	$(SAN_ENV) LONG=1 BUILD=build/sanitize $(PROVE) \
		$(filter-out $(ONCE),$(SCENARIOS)) build/sanitize/tests/*_test

# As on a machine that has other things to do: nothing may fail for that.
BUSY = 8

check-load: deps-check
	@$(MAKE) --no-print-directory -j2 all units
	BUILD=build tests/lib/busy $(BUSY) $(PROVE) $(SCENARIOS)

# What has threads, under ThreadSanitizer: a race ends the program, and with it
# the test.
THREADED = clerk loop outbox poller quiet send threads upkeep
STORIES  = commands flow reload
THR_ENV  = TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

check-threads: deps-check
	@$(MAKE) --no-print-directory -j2 THREADS=1 all \
		$(THREADED:%=build/threads/tests/%_test)
	$(THR_ENV) BUILD=build/threads $(PROVE) \
		$(THREADED:%=build/threads/tests/%_test) \
		$(STORIES:%=tests/scenario/%.t)

# Who is on duty, against a model: so many random rotas, two years of each.
ROTAS = 10000

check-rotas: deps-check
	@$(MAKE) --no-print-directory -j2 all
	BUILD=build ROTAS=$(ROTAS) $(PROVE) tests/scenario/rota.t

# Real MTAs, unpacked privately, never installed; needs root for namespaces.
check-mta: deps-check
	@$(MAKE) --no-print-directory -j2 all units
	BUILD=build $(PROVE) -j1 tests/mta/*.t

# kill -9 at every system call that changes something, and a power failure.
check-crash: deps-check
	@$(MAKE) --no-print-directory -j2 all units
	BUILD=build CRASH=all $(PROVE) tests/crash/*.t

lint: deps-check
	@$(MAKE) --no-print-directory -j2 all
	prove tests/lint/*.t
	tests/lint/shape

# Programs of the measurement.
BENCH    = $(B)/bench/each $(B)/bench/store $(B)/bench/match

$(B)/bench/store: LDFLAGS = -static
$(B)/bench/each $(B)/bench/store: $(B)/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) -D_GNU_SOURCE $(CFLAGS) $(LDFLAGS) -o $@ $<

$(B)/bench/match: tests/bench/match.c $(B)/libtocsin.a
	@mkdir -p $(@D)
	$(call say,CC  )
	$(Q)$(CC) $(CPPFLAGS) -Itests $(CFLAGS) $(LDFLAGS) -o $@ $^ \
		$(TOCSIN_LIBS)

bench: deps-check
	@$(MAKE) --no-print-directory -j2 all $(BENCH)
	tests/bench/run $(B)

# FUZZ_SECONDS for each fuzzer; new inputs and findings stay in build/fuzz.
FUZZ_SECONDS = 60

fuzz: deps-fuzz
	@$(MAKE) --no-print-directory -j2 B=build/fuzz CC=clang FUZZ=1 fuzzers
	tools/fuzz $(FUZZ_SECONDS)

# Whole mails and pages, through the whole programs under the sanitizers.
fuzz-whole: deps-check
	@$(MAKE) --no-print-directory -j2 SANITIZE=1 all
	BUILD=build/sanitize tests/fuzz/whole $(FUZZ_SECONDS)

# ---- for whoever installs it ----

# By rename: install(1) removes the old program first, and an MTA that finds none
# returns the mail. Owner and mode of the old one stay: tocsin-deliver may be
# set-group-ID. chown(1) goes first, since it takes that bit away.
place = \
	@echo install $(DESTDIR)$(2)/$(1); \
	install -m 755 $(B)/$(1) $(DESTDIR)$(2)/.$(1).new && \
	if [ -e $(DESTDIR)$(2)/$(1) ]; then \
		chown --reference=$(DESTDIR)$(2)/$(1) \
			$(DESTDIR)$(2)/.$(1).new && \
		chmod --reference=$(DESTDIR)$(2)/$(1) \
			$(DESTDIR)$(2)/.$(1).new; \
	fi && \
	mv -f $(DESTDIR)$(2)/.$(1).new $(DESTDIR)$(2)/$(1)

# Each mode is said: the umask of whoever installs is for his own files.
folder = install -d -m 755 $(DESTDIR)$(1)

# Whoever shares the spool has made the group (tocsin-deliver(8)); where there is
# no old program to take owner and mode from, it is as after `chmod g+s`.
install: all
	$(call folder,$(BINDIR))
	$(call folder,$(LIBEXECDIR))
	$(call folder,$(SYSCONFDIR)/tocsin)
	$(call folder,$(UNITDIR))
	$(call folder,$(DATADIR)/rules/customers)
	@if [ -z "$(DESTDIR)" ] && [ ! -e $(BINDIR)/tocsin-deliver ] && \
		getent group tocsin-drop >/dev/null; then \
		echo install $(BINDIR)/tocsin-deliver for tocsin-drop; \
		install -m 2755 -g tocsin-drop $(B)/tocsin-deliver \
			$(BINDIR)/tocsin-deliver; \
	fi
	$(call place,tocsin,$(BINDIR))
	$(call place,tocsin-deliver,$(BINDIR))
	$(call place,tocsin-reader,$(LIBEXECDIR))
	install -m 644 rules/*.conf rules/*.rules $(DESTDIR)$(DATADIR)/rules
	install -m 644 rules/customers/*.rules \
		$(DESTDIR)$(DATADIR)/rules/customers
	find templates -type d -exec \
		install -d -m 755 $(DESTDIR)$(DATADIR)/{} \;
	find templates -type f -exec \
		install -m 644 {} $(DESTDIR)$(DATADIR)/{} \;
	sed 's|@BINDIR@|$(BINDIR)|' systemd/tocsin.service \
		> $(DESTDIR)$(UNITDIR)/tocsin.service
	chmod 644 $(DESTDIR)$(UNITDIR)/tocsin.service
	for page in man/*.[0-9]; do \
		section=$${page##*.}; \
		install -d -m 755 $(DESTDIR)$(MANDIR)/man$$section; \
		install -m 644 $$page $(DESTDIR)$(MANDIR)/man$$section; \
	done

# State, spool and configuration stay.
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/tocsin $(DESTDIR)$(BINDIR)/tocsin-deliver \
		$(DESTDIR)$(LIBEXECDIR)/tocsin-reader \
		$(DESTDIR)$(UNITDIR)/tocsin.service \
		$(DESTDIR)$(ENABLED)
	rm -rf $(DESTDIR)$(DATADIR)
	for page in man/*.[0-9]; do \
		rm -f $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page#man/}; \
	done

clean:
	rm -rf build

.PHONY: all units fuzzers deps-build deps-check deps-fuzz demo check \
	check-both check-sanitized check-load check-threads check-rotas \
	check-mta check-crash lint bench fuzz install uninstall clean
.SECONDARY:
-include $(shell find $(B)/obj $(B)/tests -type f -name '*.d' 2>/dev/null)
