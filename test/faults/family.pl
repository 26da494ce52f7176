# A command that records its life: every member of the family writes a line every few milliseconds, with
# CLOCK_MONOTONIC in milliseconds and its process id, into a file that all processes of its term share.
#
#     family.pl FOLDER ON-TERM ENDS-AFTER-MS [MEMBER…]
#
#   ON-TERM        dies | deaf | a number: goes on for so many milliseconds, then exits 0
#   ENDS-AFTER-MS  exits 42 by itself then; 0: never
#   MEMBER         sibling (same process group) | exile (session of its own) | daemon (and another parent) | stranger (and
#                  neither environment nor title); all deaf
#
# All of them work in FOLDER, by which the test knows them.
#
# Perl and not Node: it is born 10 ms after it was started and forks in 1 ms, so what it says of its birth is true,
# and dozens of families can live on two cores.
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC usleep);

my ($folder, $on_term, $ends_after_ms, @members) = @ARGV;
open(my $record, '>>', "$folder/$ENV{LEADER_FENCING_TOKEN}") or die "no record: $!";
my $ends_at_ms;
my $exit_code = 42;

sub now_ms { return 1_000 * clock_gettime(CLOCK_MONOTONIC) }

sub sign {
  my ($more) = @_;
  syswrite $record, sprintf("%.3f %d%s\n", now_ms(), $$, $more);
}

sub live {
  while (1) {
    sign('');
    exit $exit_code if defined $ends_at_ms && now_ms() >= $ends_at_ms;
    usleep(4_000);
  }
}

chdir $folder or die "no folder: $!";
sign(" born $ENV{FAULTS_CANDIDATE}");
for my $member (@members) {
  next if fork;
  $SIG{TERM} = 'IGNORE';
  if ($member ne 'sibling') { require POSIX; POSIX::setsid() }
  exit if $member =~ /^(daemon|stranger)$/ && fork;
  if ($member eq 'stranger') { %ENV = (); $0 = 'postgres: idle' . ' ' x 20_000 }
  sign(" $member");
  live();
}
$ends_at_ms = now_ms() + $ends_after_ms if $ends_after_ms > 0;
if ($on_term eq 'deaf') { $SIG{TERM} = 'IGNORE' }
elsif ($on_term ne 'dies') {
  $SIG{TERM} = sub { ($exit_code, $ends_at_ms) = (0, now_ms() + $on_term) }
}
live();
