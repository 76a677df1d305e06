/*
 * The filter is built from two lists of system calls at run time, so that the
 * lists can be read. Numbers that a machine does not have are left out of them
 * by the preprocessor.
 */
#include "parse/cage.h"

#include "base/bug.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

#if defined(__x86_64__)
#define CAGE_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CAGE_MACHINE AUDIT_ARCH_AARCH64
#else
#define CAGE_MACHINE 0
#endif

enum {
	MEMORY_MOST = 512 << 20,	/* ordinary mail needs 20 MB; hostile
					   mail 60 octets for each of its */
	FILES_MOST = 16,		/* one mail at a time, and 0, 1, 2 */
};

static const int allowed[] = {
	__NR_read, __NR_pread64, __NR_write, __NR_writev, __NR_recvmsg,
	__NR_sendmsg, __NR_sendto, __NR_close, __NR_lseek,
	__NR_munmap, __NR_mremap, __NR_madvise, __NR_brk, __NR_futex,
	__NR_exit, __NR_exit_group, __NR_rt_sigreturn, __NR_rt_sigprocmask,
	__NR_rt_sigaction, __NR_restart_syscall, __NR_clock_gettime,
	__NR_gettimeofday, __NR_getrandom, __NR_sched_yield,
	/* abort(), with tgkill() as below */
	__NR_getpid, __NR_gettid,
};

/* What a library may try and can do without. */
static const int refused[] = {
	__NR_openat, __NR_newfstatat, __NR_fstat, __NR_statx, __NR_faccessat,
	__NR_readlinkat, __NR_getcwd, __NR_ioctl, __NR_fcntl, __NR_sysinfo,
	__NR_sched_getaffinity, __NR_prlimit64, __NR_uname,
#ifdef __NR_open
	__NR_open, __NR_stat, __NR_access, __NR_readlink,
#endif
};

/* Memory that nobody can execute, and only in mmap() without a file; signals
 * only to the process itself, whose number is not known here. */
static const struct {
	int call;
	unsigned int argument;
	uint32_t mask, wanted;
	bool own_pid;		/* that is wanted */
} restricted[] = {
	{ __NR_mmap, 2, PROT_EXEC, 0, false },
	{ __NR_mmap, 3, MAP_ANONYMOUS, MAP_ANONYMOUS, false },
	{ __NR_mprotect, 2, PROT_EXEC, 0, false },
	{ __NR_tgkill, 0, UINT32_MAX, 0, true },
};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

enum {
	PROGRAM_MOST = 16 + 2 * COUNT(allowed) + 2 * COUNT(refused) +
		8 * COUNT(restricted),
};

struct program {
	struct sock_filter steps[PROGRAM_MOST];
	unsigned short count;
};

static void
add(struct program *program, struct sock_filter step)
{
	if (program->count == PROGRAM_MOST)
		BUG("seccomp filter of more than %d steps", PROGRAM_MOST);
	program->steps[program->count++] = step;
}

static void
load(struct program *program, size_t offset)
{
	add(program, (struct sock_filter)
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void
answer(struct program *program, uint32_t verdict)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void
answer_call(struct program *program, int call, uint32_t verdict)
{
	add(program, (struct sock_filter)
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1));
	answer(program, verdict);
}

/* Kill unless the machine and its way of numbering calls are the ones that
 * the lists were made for: another way would slip past the numbers. */
static void
add_machine(struct program *program)
{
	load(program, offsetof(struct seccomp_data, arch));
	add(program, (struct sock_filter)
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CAGE_MACHINE, 1, 0));
	answer(program, SECCOMP_RET_KILL_PROCESS);
	load(program, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	/* Those of x32. */
	add(program, (struct sock_filter)
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
	answer(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* Kill when the call's argument is not as wanted. The low half is enough: all
 * flags are there, and all of a process's number. It must not be reached by a
 * jump from outside. */
static void
add_restrictions(struct program *program)
{
	size_t i;

	for (i = 0; i < COUNT(restricted); i++) {
		add(program, (struct sock_filter)
		    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			     (uint32_t)restricted[i].call, 0, 5));
		load(program, offsetof(struct seccomp_data, args) +
		     8 * restricted[i].argument);
		add(program, (struct sock_filter)
		    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, restricted[i].mask));
		add(program, (struct sock_filter)
		    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, restricted[i].own_pid ?
			     (uint32_t)getpid() : restricted[i].wanted, 1, 0));
		answer(program, SECCOMP_RET_KILL_PROCESS);
		load(program, offsetof(struct seccomp_data, nr));
	}
	for (i = 0; i < COUNT(restricted); i++)
		answer_call(program, restricted[i].call, SECCOMP_RET_ALLOW);
}

static bool
install_filter(void)
{
	struct program program = { .count = 0 };
	struct sock_fprog fprog = { .filter = program.steps };
	size_t i;

	add_machine(&program);
	for (i = 0; i < COUNT(allowed); i++)
		answer_call(&program, allowed[i], SECCOMP_RET_ALLOW);
	add_restrictions(&program);
	for (i = 0; i < COUNT(refused); i++)
		answer_call(&program, refused[i],
			    SECCOMP_RET_ERRNO | EACCES);
	answer(&program, SECCOMP_RET_KILL_PROCESS);
	fprog.len = program.count;
	return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog, 0, 0);
}

/* `grace` is how much more there is between a warning and the end. */
static void
limit(int resource, rlim_t most, rlim_t grace)
{
	struct rlimit now, want = { most, most + grace };

	/* A stricter limit that is set already is as good. */
	if (!getrlimit(resource, &now) && now.rlim_max < most)
		want.rlim_cur = want.rlim_max = now.rlim_max;
	if (setrlimit(resource, &want))
		BUG("setrlimit(%d): %s", resource, strerror(errno));
}

bool
cage_close(unsigned int flags)
{
	/* SIGXCPU has to kill. */
	if (signal(SIGXCPU, SIG_DFL) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		BUG("prctl: %s", strerror(errno));
	limit(RLIMIT_CPU, CAGE_CPU_S, 1);
	if (SANITIZED)
		return true;
	limit(RLIMIT_AS, MEMORY_MOST, 0);
	limit(RLIMIT_NOFILE, FILES_MOST, 0);
	limit(RLIMIT_CORE, 0, 0);
	if (!(flags & CAGE_MAY_WRITE))
		limit(RLIMIT_FSIZE, 0, 0);
	if (prctl(PR_SET_DUMPABLE, 0))
		BUG("prctl: %s", strerror(errno));
	return flags & CAGE_UNFILTERED || (CAGE_MACHINE && install_filter());
}
