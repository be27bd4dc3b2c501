// The targets of issue 4 section 6, judged, and the report around them.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>

#include "bench/contest.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

std::string Number(double value) {
  char text[64];
  const char* format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f";
  std::snprintf(text, sizeof text, format, value);
  return text;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

const std::vector<double>& Of(const Numbers& numbers, const char* name) {
  static const std::vector<double> kNone;
  const auto found = numbers.find(name);
  return found == numbers.end() ? kNone : found->second;
}

// A number of each round.
using Figure = std::function<std::vector<double>(const Numbers&)>;

Figure Ratio(const char* of, const char* to) {
  return [=](const Numbers& numbers) {
    std::vector<double> ratios;
    const auto& marks = Of(numbers, to);
    for (std::size_t i = 0; i < std::min(Of(numbers, of).size(), marks.size()); ++i) {
      ratios.push_back(Of(numbers, of)[i] / marks[i]);
    }
    return ratios;
  };
}

Figure Plain(const char* name) {
  return [=](const Numbers& numbers) { return Of(numbers, name); };
}

// What the disk store may reach at most: 0.7 of memory, or what the file system gives.
Figure DiskPush(const char* disk, const char* memory) {
  return [=](const Numbers& numbers) {
    std::vector<double> ratios;
    const auto& floors = Of(numbers, what::kFloor);
    for (std::size_t i = 0; i < floors.size() && i < Of(numbers, disk).size(); ++i) {
      ratios.push_back(Of(numbers, disk)[i] / std::min(Of(numbers, memory)[i], floors[i]));
    }
    return ratios;
  };
}

struct Target {
  const char* words;
  Figure figure;
  const char* unit;
  double least = 0;  // 0: none
  double most = 0;   // 0: none
};

std::vector<Target> Targets() {
  return {
      {"push with digest check, of the OpenSSL rate", Ratio(what::kPushMemory, what::kOpenssl), "×",
       0.75},
      {"eight pushes at once together, of the one-core OpenSSL rate",
       Ratio(what::kEightMemory, what::kOpenssl), "×", 1.0},
      {"pull, of nginx with a static file", Ratio(what::kPullMemory, what::kPullNginx), "×", 1.0},
      {"manifest GET, of nginx `return 200`", Ratio(what::kGetMemory, what::kGetNginx), "×", 0.4},
      {"manifest HEAD, of nginx `return 200`", Ratio(what::kHeadMemory, what::kHeadNginx), "×",
       0.4},
      {"manifest GET, of docker-registry", Ratio(what::kGetMemory, what::kGetRegistry), "×", 50},
      {"manifest HEAD, of docker-registry", Ratio(what::kHeadMemory, what::kHeadRegistry), "×", 50},
      {"push, of docker-registry", Ratio(what::kPushMemory, what::kPushRegistry), "×"},
      {"pull, of docker-registry", Ratio(what::kPullMemory, what::kPullRegistry), "×"},
      {"disk store: push, of the lesser of memory and `dd conv=fdatasync`",
       DiskPush(what::kPushDisk, what::kPushMemory), "×", 0.7},
      {"disk store: eight pushes at once, of the lesser of memory and `dd conv=fdatasync`",
       DiskPush(what::kEightDisk, what::kEightMemory), "×", 0.7},
      {"disk store: push, of memory", Ratio(what::kPushDisk, what::kPushMemory), "×"},
      {"disk store: pull, of memory", Ratio(what::kPullDisk, what::kPullMemory), "×", 0.7},
      {"disk store: manifest GET, of memory", Ratio(what::kGetDisk, what::kGetMemory), "×", 0.7},
      {"disk store: most resident memory", Plain(what::kResident), "MiB", 0, 64},
      {"in process: ping", Plain(what::kPing), "a second", 1e6},
      {"in process: manifest GET", Plain(what::kManifest), "a second", 5e5},
      {"in process: manifest GET with rules and journal", Plain(what::kWholeWay), "a second"},
      {"a registry made and destroyed", Plain(what::kMade), "µs", 0, 100},
      {"from exec to the first answer", Plain(what::kFirst), "ms", 0, 10},
  };
}

constexpr char kReading[] =
    R"(In a round everyone is measured once, one after the other; a ratio is taken within its round, and
every figure is the median of the rounds, with the least and the greatest behind it. Blobs travel by
`curl` over loopback. Rates are of `wrk` with one thread, and for HEAD of a client of the benchmark's
own, since wrk waits for bodies that HEAD does not send; both keep eight connections. Clients and
servers share the processors. "In process" is one core: the registry's `Begin`, `Decide` and `Apply`,
or all of it with rules and journal. How fast the base hash is: [performance-hash.md](performance-hash.md).
)";

constexpr char kNotes[] = R"(
## Where the time goes

Processor seconds of one push of 1 GiB into memory, on the machine of the first report (two
processors, SHA-NI at 1.9 GB/s, a virtual machine that others were using as well), from getrusage and
perf: SHA-256 0.55 to 0.6; reading the socket 0.13; new pages and the copy into them 0.3 (`write` to a
memory file) to 0.5 (first touch of anonymous memory; 1.0 and more with huge pages); `curl` 0.4 to 0.5.
Together 1.4 to 1.6, which two processors need 0.7 to 0.8 s for. That bounds what can be seen there
(arithmetic):

- one push: about 0.75 of the OpenSSL rate, if nobody else is at work;
- eight at once: about 0.75 to 0.85 of it together, whatever the server does: more than 1.0 needs a
  third processor, or clients that cost nothing.

What keeps a run below these bounds:

- Others at work. With six compilers beside it the same push takes 2.7 to 3.2 processor seconds (server
  1.7 to 2.1, `curl` 0.7 to 1.1): caches and processors are shared, and SHA-256 alone falls below a
  tenth of its rate for seconds at a time. A figure from such a run says little.
- New memory. In a virtual machine whose page cache has taken all that is free, a page is first taken
  from that and then often has to be given by the host: touching 1.3 GiB takes 0.7 processor seconds
  there by itself, against 0.3 to 0.5 for 1 GiB on the first report's day.
- Two pieces in turn: reader and hasher wait for each other some 2000 to 4000 times a GiB. A server of
  60 lines with nothing but recv, write and SHA-256, six configurations in turn, five times: 2 pieces of
  256 KiB 1.62 s in the kernel and 3.4 s in all, 8 of 128 KiB 1.03 and 2.5. Eight pushes at once take
  6 % fewer processor seconds without a second thread for each. Neither is done yet.

There is no second pass over the bytes and no sync at the end, and the report's `curl` waits for no
`100 Continue`.

A request for a manifest took 18 µs of the server's processor time, then 8.5 (ADR 0030), half of it the
kernel's waking of threads. With workers on duty in one epoll (ADR 0063) a request is four calls, and
threads change 0.17 times for it and no longer 1.3 times, as often as with nginx (0.16). Side by side
on a busy machine the server took 17.0 µs for a request where it had taken 32.7, and nginx took 3.4 for
its fixed answer. What is left is a third kernel and two thirds our own: an eighth of it is the journal
letting go of an event that is 10 000 exchanges old and in no cache any more, about a quarter malloc and
free, mostly of headers for the journal. None of it depends on cpp-httplib: it only binds and accepts
(ADR 0007).

From exec to the first answer the process needs 6 to 8 ms of processor time, nearly all of it the
dynamic linker's: a C++ program that does nothing takes 1.4 ms, with libcrypto, libssl and zlib 3.5, with
cpp-httplib 4.8, with libgit2 and the 14 libraries behind it 6.7. The best of 40 starts on the busy
machine took 4.8 ms in all, the median 11 to 14.

Resident memory is that of the server process. A memory store keeps large blobs in files without a
name, which are memory of the machine but not resident in the process.
)";

std::string Row(const Target& target, const Numbers& numbers) {
  const std::vector<double> figures = target.figure(numbers);
  if (figures.empty()) {
    return Concat({"| ", target.words, " | | not measured | |\n"});
  }
  const auto [low, high] = std::minmax_element(figures.begin(), figures.end());
  const double median = Median(figures);
  const bool holds =
      (target.least == 0 || median >= target.least) && (target.most == 0 || median <= target.most);
  const std::string aim = target.least > 0  ? "≥ " + Number(target.least)
                          : target.most > 0 ? "≤ " + Number(target.most)
                                            : "";
  return Concat({"| ", target.words, " | ", aim, " | ", Number(median), " ", target.unit, " (",
                 Number(*low), " – ", Number(*high), ") | ",
                 aim.empty() ? "reported"
                 : holds     ? "holds"
                             : "**does not hold**",
                 " |\n"});
}

}  // namespace

std::string ContestReport(const Numbers& numbers, ContestSize size,
                          const ContestSurroundings& surroundings) {
  std::string text = Concat({"# How fast the fake Hub is\n\n", kReading,
                             "\n- written by `./dev bench registry` on ", surroundings.when, ": ",
                             std::to_string(size.rounds), " rounds, blobs of ",
                             std::to_string(size.mebibytes), " MiB\n", surroundings.machine,
                             "\n## Targets\n\n| | aim | found | |\n|---|---:|---:|---|\n"});
  for (const Target& target : Targets()) {
    text += Row(target, numbers);
  }
  text +=
      Concat({kNotes,
              "\n## What was measured\n\n| | median | least | greatest |\n|---|---:|---:|---:|\n"});
  for (const auto& [name, own] : numbers) {
    const auto [low, high] = std::minmax_element(own.begin(), own.end());
    text += Concat({"| ", name, " | ", Number(Median(own)), " | ", Number(*low), " | ",
                    Number(*high), " |\n"});
  }
  return text;
}

}  // namespace drydock::bench
