/*
 * keeper: starts one command, and answers for everything that descends from it.
 *
 *     wrapper ══ socket ══▶ outer keeper
 *        ║                      └─ inner keeper ── CMD ── whatever CMD starts
 *        ╚═══════ socket ═════════════▲
 *
 * Both keepers are child subreapers (prctl(2)). A process that loses its parent below a subreaper becomes the
 * subreaper's child, whatever it did to its session, group, environment, title, user or threads. So the kernel answers
 * both questions that matter:
 *
 *     Is anything left?   No, when waitpid(2) says ECHILD. That is a fact, not the result of a search.
 *     Whom to kill?       Every process that descends from us by the parent ids in /proc/PID/stat, which everybody may read.
 *
 * A keeper kills everything below it when the deadline passes, when the wrapper's end of the socket closes, when the
 * wrapper says so, or when the other keeper dies. There are two, so that neither is a single point of failure:
 *
 *     killed                  what happens
 *     wrapper                 Both keepers see their sockets close. The inner one kills, then the outer one.
 *     inner keeper            The kernel kills CMD (PR_SET_PDEATHSIG). The outer keeper adopts and kills the rest.
 *     outer keeper            The kernel tells the inner keeper (PR_SET_PDEATHSIG), which kills everything.
 *     wrapper and one keeper  The other keeper does the same: it needs nobody else.
 *     all three at once       The kernel kills CMD. Nobody is left to kill what CMD started.
 *
 * Somebody may also stop them (SIGSTOP). The outer keeper learns that from waitpid (WUNTRACED) and continues the inner
 * one. The wrapper continues the outer one at each renewal. If one stays stopped, the other acts at the deadline.
 *
 * The outer keeper acts lagMs after the inner one, because only the inner one, CMD's parent, learns how CMD ended. The sum:
 * the wrapper's deadline lies at least 300 ms before the lease runs out (election/timing.ts), so the outer keeper has
 * 200 ms left; killing 2,000 sessions took both of them 180 ms.
 *
 * Killing needs no memory, no fork and no other program.
 *
 * Lines from the wrapper                                 Lines to the wrapper
 *     until MS    kill when /proc/uptime reaches this        started PID    CMD's process exists
 *     start …     start CMD, see start()                     failed ERRNO   it could not execute CMD
 *     pass N      signal N, which the wrapper got, to CMD    exited STATUS  CMD's end, as waitpid tells it
 *     send N      signal N to CMD                            living PID…    the answer to `living`
 *     all N       signal N to everybody                      gone           nothing is left; the keeper then waits
 *     kill        kill everybody, until nothing is left                     for the end of the socket
 *     living      who is alive?
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    lagMs = 100,
    /* The largest process id of a 64-bit kernel, PID_MAX_LIMIT of linux/threads.h. */
    maxPid = 4 * 1024 * 1024,
    /* A family that forks as fast as it is stopped is killed after so many rounds, and stopped again. */
    maxRounds = 64,
    /* Other signals are sent once, whoever comes later: they must not keep a KILL waiting that comes next. */
    fewRounds = 8,
    /* As many ids as a line of the log is good for. */
    maxTold = 64,
    maxReaped = 1024,
    firstPauseMs = 1,
    lastPauseMs = 250,
};

static int wrapper;   /* the socket */
static int signals;   /* signalfd: all of them are blocked */
static int timer;     /* the deadline */
static int execution = -1; /* what CMD's process says if it cannot be executed */
static DIR *proc;

static bool isInner;
static bool isOnTerminal;
static pid_t child;    /* the outer keeper's is the inner one, the inner keeper's is CMD; 0 before and after */
static bool hasStarted; /* there has been a child, so ECHILD means that nothing is left */
static bool isFinal;    /* the deadline does not move any more */
static bool isStriking;
static bool isBehind;   /* more children may have ended than have been reaped */
static int witnessed[NSIG]; /* signals that came to the inner keeper itself */

/* ---- what the wrapper is told ---- */

static void say(const char *line)
{
    if (wrapper >= 0 && send(wrapper, line, strlen(line), MSG_NOSIGNAL) < 0 && errno == EPIPE)
        wrapper = -1;
}

static void sayNumber(const char *what, long number)
{
    char line[64];
    snprintf(line, sizeof line, "%s %ld\n", what, number);
    say(line);
}

/* ---- the deadline ---- */

static int64_t nowMs(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void strikeAt(int64_t ms)
{
    if (isFinal)
        return;
    if (!isInner)
        ms += lagMs;
    if (ms < 1)
        ms = 1; /* 0 would disarm it */
    struct itimerspec at = {.it_value = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
}

static void strikeNow(void)
{
    strikeAt(nowMs());
    isFinal = true;
}

/*
 * The wrapper reads /proc/uptime, which some containers replace (lxcfs), so its clock may differ from ours by a constant.
 * The file has hundredths of a second, rounded down: our reading may be 10 ms too small, and the deadline as much too late.
 */
static void strikeAtUptime(int64_t deadlineMs)
{
    char text[64] = "";
    int64_t seconds = 0, hundredths = 0, now = nowMs();
    int file = openat(dirfd(proc), "uptime", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0)
            text[0] = 0;
        close(file);
    }
    if (sscanf(text, "%" SCNd64 ".%" SCNd64, &seconds, &hundredths) == 2)
        strikeAt(now + deadlineMs - (seconds * 1000 + hundredths * 10) - 10);
}

/* ---- the family ---- */

/* One bit a process id; pages that are not touched cost nothing. */
static unsigned char family[maxPid / 8] __attribute__((aligned(65536)));

static bool isMember(pid_t pid) { return pid > 0 && pid < maxPid && family[pid / 8] >> pid % 8 & 1; }

static void addMember(pid_t pid) { family[pid / 8] |= 1 << pid % 8; }

struct stat_line {
    char state;
    pid_t parent;
    long threads;
};

/* Of proc_pid_stat(5). The name in parentheses may hold anything, so the last one counts. */
static bool readStat(pid_t pid, struct stat_line *stat)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "%d/stat", pid);
    int file = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0)
        return false;
    text[length] = 0;
    const char *rest = strrchr(text, ')');
    return rest && sscanf(rest, ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld", &stat->state,
                          &stat->parent, &stat->threads) == 3;
}

/* A /proc of another PID namespace has other ids: whom it names is not who we would kill. */
static bool isProcOurs(void)
{
    char self[16] = "";
    return readlinkat(dirfd(proc), "self", self, sizeof self - 1) > 0 && atoi(self) == getpid();
}

/*
 * Sends `signal` to every descendant, each once. Round after round, until there is nobody new: who forks meanwhile has
 * left a child with a higher id, which the same round mostly finds, or the next one. Tells the ids if `told` is there.
 */
static void signalFamily(int signal, pid_t told[maxTold])
{
    int howMany = 0;
    if (told)
        told[0] = 0;
    if (!isProcOurs()) {
        if (child)
            kill(isInner && !isOnTerminal ? -child : child, signal);
        return;
    }
    madvise(family, sizeof family, MADV_DONTNEED);
    int rounds = signal == SIGSTOP || signal == SIGKILL ? maxRounds : fewRounds;
    for (bool isNew = true; isNew && rounds > 0; rounds--) {
        isNew = false;
        rewinddir(proc);
        for (struct dirent *entry; (entry = readdir(proc));) {
            pid_t pid = atoi(entry->d_name);
            struct stat_line stat;
            if (pid < 1 || pid >= maxPid || isMember(pid) || !readStat(pid, &stat))
                continue;
            if (stat.parent != getpid() && !isMember(stat.parent))
                continue;
            addMember(pid);
            isNew = true;
            /* One whose first thread has ended looks like a zombie (Z) while others go on: it is signalled as well. */
            if (signal)
                kill(pid, signal);
            bool isAlive = stat.state != 'Z' || stat.threads > 1;
            if (told && isAlive && howMany < maxTold - 1) {
                told[howMany++] = pid;
                told[howMany] = 0;
            }
        }
    }
}

/* Stopped first, so that nobody forks, restarts or takes notice while others are killed. */
static void strike(void)
{
    signalFamily(SIGSTOP, NULL);
    signalFamily(SIGKILL, NULL);
}

static void tellLiving(void)
{
    pid_t pids[maxTold];
    char line[16 * maxTold] = "living";
    signalFamily(0, pids);
    for (int i = 0; pids[i]; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " %d", pids[i]);
    strcat(line, "\n");
    say(line);
}

/* ---- CMD ---- */

struct command {
    char *file;         /* as the wrapper found it */
    char **argv;
    char **environment;
    long softFiles;         /* RLIMIT_NOFILE as it was before the runtime raised it; negative: leave it */
    unsigned long long ignored; /* signals, bit n-1 for n, as in SigIgn of /proc/PID/status */
};

/*
 * The descriptors above 2 that CMD inherits. The wrapper hands them on from number 5, and says which numbers they had. We
 * keep them above all of those, so that none is in the way of another when CMD's process gives them their numbers.
 */
static int count, *held, *numbers, highest;

static void holdDescriptors(int argc, char **argv)
{
    held = calloc(argc + 1, sizeof *held);
    numbers = calloc(argc + 1, sizeof *numbers);
    for (; held && numbers && count < argc; count++) {
        numbers[count] = atoi(argv[count]);
        highest = numbers[count] > highest ? numbers[count] : highest;
    }
    for (int i = 0; i < count; i++) {
        held[i] = fcntl(5 + i, F_DUPFD_CLOEXEC, highest + 1);
        close(5 + i);
    }
}

static void become(const struct command *command, pid_t keeper, int report)
{
    report = fcntl(report, F_DUPFD_CLOEXEC, highest + 1);
    for (int i = 0; i < count; i++)
        dup2(held[i], numbers[i]);
    if (!isOnTerminal)
        setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(127);
    struct rlimit files;
    if (command->softFiles >= 0 && !getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = command->softFiles;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    for (int n = 1; n < NSIG; n++)
        signal(n, command->ignored >> (n - 1) & 1 ? SIG_IGN : SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    extern char **environ;
    environ = command->environment;
    execvp(command->argv[0], command->argv);
    int why = errno;
    if (why == ENOEXEC) {
        /* As execvp(3) of other C libraries does it: a script without #! is the shell's. */
        command->argv[-1] = "sh";
        command->argv[0] = command->file;
        execv("/bin/sh", command->argv - 1);
    }
    write(report, &why, sizeof why);
    _exit(127);
}

/* Lets go of what is CMD's: whoever reads its output is to see the end of it. */
static void letGo(void)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++)
        if (dup2(nowhere, fd) < 0)
            close(fd);
    DIR *open = opendir("/proc/self/fd");
    for (struct dirent *entry; open && (entry = readdir(open));) {
        int fd = atoi(entry->d_name);
        bool isOurs = fd == wrapper || fd == signals || fd == timer || fd == execution ||
                      fd == dirfd(proc) || fd == dirfd(open);
        if (fd > 2 && !isOurs)
            close(fd);
    }
    if (open)
        closedir(open);
    if (chdir("/"))
        return;
}

/*
 * start ARGUMENTS VARIABLES BYTES FILES IGNORED, and in so many bytes, a zero after each: the file that the wrapper
 * found, the arguments, the environment. FILES and IGNORED are those of struct command.
 */
static void start(const char *line, char *bytes, size_t length)
{
    long arguments = 0, variables = 0;
    struct command command = {0};
    if (sscanf(line, "start %ld %ld %*u %ld %llx", &arguments, &variables, &command.softFiles, &command.ignored) != 4)
        return;
    /* Two more before the arguments, for a shell; each list ends with NULL. */
    char **words = calloc(arguments + variables + 5, sizeof *words);
    int pipe[2] = {-1, -1};
    if (!isInner || hasStarted || isStriking || !words || arguments < 1 || variables < 0 || length < 1 || bytes[length - 1]) {
        say("failed 22\n");
        return;
    }
    char *next = bytes, *end = bytes + length;
    for (long i = 0; i < 1 + arguments + variables && next < end; i++, next += strlen(next) + 1)
        words[i == 0 ? 0 : i <= arguments ? i + 1 : i + 2] = next;
    command.file = words[0];
    command.argv = words + 2;
    command.environment = words + arguments + 3;

    pid_t keeper = getpid();
    memset(witnessed, 0, sizeof witnessed);
    if (pipe2(pipe, O_CLOEXEC) || (child = fork()) < 0) {
        sayNumber("failed", errno);
        child = 0;
        strikeNow();
        return;
    }
    if (child == 0)
        become(&command, keeper, pipe[1]);
    close(pipe[1]);
    execution = pipe[0];
    hasStarted = true;
    letGo();
    sayNumber("started", child);
}

/* By the time CMD has ended this has been asked, or is asked now. */
static void tellExecution(void)
{
    int why;
    if (execution < 0)
        return;
    if (read(execution, &why, sizeof why) == sizeof why)
        sayNumber("failed", why);
    close(execution);
    execution = -1;
}

/* ---- what happens ---- */

static void takeSignals(void)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info)
        witnessed[info.ssi_signo]++;
}

/*
 * On a terminal we are in the group that CMD is in. What the terminal, or a shell with `kill %1`, sends to the whole group
 * has come to us as well, so CMD has its own, and the wrapper's must not be passed on.
 */
static bool hasItsOwn(int signal)
{
    takeSignals();
    if (!isOnTerminal || witnessed[signal] == 0)
        return false;
    witnessed[signal]--;
    return true;
}

static void sendToCommand(int signal)
{
    if (!child)
        signalFamily(signal, NULL);
    /* Until CMD's process has made its session there is no such group. */
    else if (isOnTerminal || kill(-child, signal) < 0)
        kill(child, signal);
}

static void obey(const char *line)
{
    long long number = 0;
    char verb[16] = "";
    sscanf(line, "%15s %lld", verb, &number);
    bool isSignal = number > 0 && number < NSIG;
    if (!strcmp(verb, "until"))
        strikeAtUptime(number);
    else if (!strcmp(verb, "kill"))
        strikeNow();
    else if (!strcmp(verb, "pass") && isInner && isSignal && !hasItsOwn(number))
        sendToCommand(number);
    else if (!strcmp(verb, "send") && isInner && isSignal)
        sendToCommand(number);
    else if (!strcmp(verb, "all") && isInner && isSignal)
        signalFamily(number, NULL);
    else if (!strcmp(verb, "living"))
        tellLiving();
}

/* Reads what the wrapper has written, and does what is complete. */
static void listenToWrapper(void)
{
    static char *text;
    static size_t length, room;
    if (room - length < 4096) {
        char *more = realloc(text, room * 2 + 8192);
        if (!more)
            return;
        text = more;
        room = room * 2 + 8192;
    }
    ssize_t more = recv(wrapper, text + length, room - length - 1, MSG_DONTWAIT);
    if (more < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (more <= 0) {
        close(wrapper);
        wrapper = -1;
        strikeNow();
        return;
    }
    length += more;
    for (char *end; (end = memchr(text, '\n', length));) {
        size_t bytes = 0, used = end + 1 - text;
        *end = 0;
        if (sscanf(text, "start %*d %*d %zu", &bytes) == 1) {
            if (length < used + bytes) {
                *end = '\n';
                return;
            }
            start(text, text + used, bytes);
        } else {
            obey(text);
        }
        length -= used + bytes;
        memmove(text, text + used + bytes, length);
    }
}

/* Says how CMD has ended, and continues an inner keeper that somebody has stopped. False when there are no children. */
static bool reap(void)
{
    /* Not for ever: a family that forks and ends at full speed must not keep us from the deadline. */
    isBehind = false;
    for (int reaped = 0; reaped < maxReaped; reaped++) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL | (isInner ? 0 : WUNTRACED));
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid <= 0)
            return pid == 0;
        if (WIFSTOPPED(status)) {
            if (pid == child && !isStriking)
                kill(pid, SIGCONT);
        } else if (pid == child) {
            child = 0;
            if (isInner) {
                tellExecution();
                sayNumber("exited", status);
            } else {
                isStriking = true; /* if it said goodbye, there is nobody to strike */
            }
        }
    }
    isBehind = true;
    return true;
}

/* Stays until the wrapper has heard it: writing to somebody who has gone costs a program what it has not read yet. */
static int goodbye(void)
{
    char text[512];
    say("gone\n");
    while (wrapper >= 0 && (recv(wrapper, text, sizeof text, 0) > 0 || errno == EINTR))
        errno = 0;
    return 0;
}

static int keep(pid_t outer)
{
    int pauseMs = firstPauseMs;
    for (;;) {
        if (!reap() && (hasStarted || isStriking))
            return goodbye();
        if (isInner && getppid() != outer)
            strikeNow();
        if (isStriking) {
            strike();
            pauseMs = pauseMs * 2 < lastPauseMs ? pauseMs * 2 : lastPauseMs;
        }
        struct pollfd fds[] = {
            {.fd = wrapper, .events = POLLIN},
            {.fd = execution, .events = POLLIN},
            {.fd = isStriking ? -1 : timer, .events = POLLIN},
            {.fd = isStriking ? -1 : signals, .events = POLLIN},
        };
        poll(fds, sizeof fds / sizeof *fds, isStriking ? pauseMs : isBehind ? 0 : -1);
        takeSignals();
        if (fds[0].revents)
            listenToWrapper();
        if (fds[1].revents)
            tellExecution();
        if (fds[2].revents)
            isStriking = true;
    }
}

/*
 * keeper session|terminal [FD…]
 *
 * On descriptor 3 is the outer keeper's socket, on 4 the inner one's. On a terminal CMD stays in the wrapper's process
 * group, and the inner keeper as well, to see what is sent to that group; elsewhere each leads a session of its own.
 */
int main(int argc, char **argv)
{
    if (argc < 2)
        return 64;
    isOnTerminal = !strcmp(argv[1], "terminal");
    prctl(PR_SET_NAME, "keeper");
    /* All of them, even those that the C library keeps for itself: no signal but KILL and STOP has any effect. */
    uint64_t all = UINT64_MAX;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
    signal(SIGCHLD, SIG_DFL);
    /* Where stdin, stdout or stderr is closed, none of our descriptors may take its number. In CMD it is closed again. */
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR | O_CLOEXEC);
    holdDescriptors(argc - 2, argv + 2);

    /* Refused by an emulator or a filter of system calls. Then orphans would not be ours, and ECHILD would say nothing. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) {
        wrapper = 4;
        sayNumber("unfit", errno);
        return 71;
    }
    pid_t outer = getpid();
    child = fork();
    if (child < 0)
        return 71;
    isInner = child == 0;
    hasStarted = !isInner;
    wrapper = isInner ? 4 : 3;
    close(isInner ? 3 : 4);
    fcntl(wrapper, F_SETFD, FD_CLOEXEC);
    if (isInner) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
    }
    if (!isInner || !isOnTerminal)
        setsid();

    sigset_t mask;
    memset(&mask, 0xff, sizeof mask);
    signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    proc = opendir("/proc");
    if (signals < 0 || timer < 0 || !proc)
        return 71;
    if (!isInner)
        letGo();
    return keep(outer);
}
