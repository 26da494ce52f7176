/*
 * The command in the pods. Every millisecond it writes into a mapped file that it is alive, by CLOCK_MONOTONIC, which all
 * processes of the machine share. A file a life, in $STAMPS or /stamps; ../../support/lives.ts reads them. Where there is no
 * such folder it does the same, and nobody reads it.
 *
 *     stamp [--for MS] [--exit N] [--ignore-term] [--eat MIB] [--listen PORT]
 *
 * It ends after MS with status N, or at TERM with 0. What is called `migrate` or `backup.sh` ends after two seconds.
 * --eat takes so much memory, one MiB a millisecond, from its third second on. --listen answers every request over HTTP
 * with the name of the pod.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000LL

/* All times in nanoseconds; 0: has not happened. */
struct life {
  int64_t begun, seen, told, ended;
  int64_t gap_from, gap_to; /* the longest time without a stamp */
  int64_t token, pid;
  char pod[64];
};

static volatile struct life *life;
static volatile sig_atomic_t told;

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 * MS + t.tv_nsec;
}

static void tell(int signal) {
  if (told) return;
  told = signal;
  life->told = now();
}

static const char *variable(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

static void begin(void) {
  int64_t begun = now();
  char path[300];
  const char *pod = variable("POD_NAME", "nobody");
  snprintf(path, sizeof path, "%s/%s.%lld.%d", variable("STAMPS", "/stamps"), pod, (long long)begun, getpid());
  int file = open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
  if (file >= 0 && ftruncate(file, sizeof *life)) exit(3);
  int flags = MAP_SHARED | (file < 0 ? MAP_ANONYMOUS : 0);
  struct life *mapped = mmap(0, sizeof *life, PROT_READ | PROT_WRITE, flags, file, 0);
  if (mapped == MAP_FAILED) exit(4);
  if (file >= 0) close(file);
  strncpy(mapped->pod, pod, sizeof mapped->pod - 1);
  mapped->token = atoll(variable("LEADER_FENCING_TOKEN", "0"));
  mapped->pid = getpid();
  mapped->seen = begun;
  mapped->begun = begun; /* last: with it the file counts */
  life = mapped;
}

static void stamp(void) {
  int64_t time = now(), before = life->seen;
  if (time - before > life->gap_to - life->gap_from) {
    life->gap_from = before;
    life->gap_to = time;
  }
  life->seen = time;
}

static int listen_on(int port) {
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (!bind(listener, (void *)&address, sizeof address) && !listen(listener, 50)) return listener;
  perror("listen");
  exit(5);
}

static void answer(int listener) {
  int peer = accept(listener, 0, 0);
  if (peer < 0) return;
  char asked[500], said[200];
  struct pollfd readable = {peer, POLLIN, 0};
  if (poll(&readable, 1, 5) > 0 && read(peer, asked, sizeof asked) < 0) perror("read");
  int length = snprintf(said, sizeof said, "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n%s\n", (char *)life->pod);
  if (write(peer, said, length) < 0) perror("write");
  close(peer);
}

int main(int count, char **words) {
  int64_t lasts = strstr(words[0], "migrate") || strstr(words[0], "backup") ? 2000 : 0;
  int status = 0, deaf = 0, eats = 0, port = 0;
  for (int i = 1; i < count; i++) {
    const char *word = words[i], *next = i + 1 < count ? words[i + 1] : "0";
    if (!strcmp(word, "--for")) lasts = atoll(next);
    if (!strcmp(word, "--exit")) status = atoi(next);
    if (!strcmp(word, "--ignore-term")) deaf = 1;
    if (!strcmp(word, "--eat")) eats = atoi(next);
    if (!strcmp(word, "--listen")) port = atoi(next);
  }
  begin();
  struct sigaction hears = {.sa_handler = tell};
  sigaction(SIGTERM, &hears, 0);
  sigaction(SIGINT, &hears, 0);
  int listener = port ? listen_on(port) : -1;
  printf("%s works\n", (char *)life->pod);
  fflush(stdout);
  for (;;) {
    stamp();
    int is_over = lasts && life->seen - life->begun >= lasts * MS;
    if (is_over || (told && !deaf)) {
      life->ended = now();
      return is_over ? status : 0;
    }
    if (eats > 0 && life->seen - life->begun > 3000 * MS) {
      char *eaten = malloc(1 << 20);
      if (eaten) memset(eaten, 1, 1 << 20);
      eats--;
    }
    if (listener >= 0) answer(listener);
    struct timespec millisecond = {0, MS};
    nanosleep(&millisecond, 0);
  }
}
