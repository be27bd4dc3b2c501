#include "bench/contest.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <utility>

#include "bench/handled.h"
#include "bench/load.h"
#include "bench/machine.h"
#include "bench/servers.h"
#include "bench/trial.h"
#include "core/clock.h"
#include "core/rng.h"
#include "core/text.h"
#include "simulator/registry/personalities.h"

namespace drydock::bench {
namespace {

constexpr int kTogether = 8;
constexpr double kQuiet = 0.5;  // load average
constexpr Duration kLong = std::chrono::milliseconds(300);

// How often `work` can be done in a second.
double TimesASecond(const std::function<void()>& work) {
  constexpr int kBetweenLooks = 1000;
  SystemClock clock;
  const Duration begin = clock.Elapsed();
  Duration now = begin;
  std::uint64_t times = 0;
  while (now - begin < kLong) {
    for (int i = 0; i < kBetweenLooks; ++i) {
      work();
    }
    times += kBetweenLooks;
    now = clock.Elapsed();
  }
  return static_cast<double>(times) / std::chrono::duration<double>(now - begin).count();
}

class Contest {
 public:
  Contest(std::string program, std::string folder, ContestSize size)
      : program_(std::move(program)), folder_(std::move(folder)), size_(size) {}

  Status Prepare();
  Status Round(std::uint64_t number);
  const Numbers& numbers() const { return numbers_; }

 private:
  // Puts down one number; an error ends the contest.
  Status Put(const char* name, Result<double> measured);
  // Seconds for `times` blobs become MB/s.
  Status PutBytes(const char* name, Result<double> seconds, int times = 1);
  Status Pushes(const std::string& repository);
  Status Pulls(const std::string& repository);
  Status Rates();
  Status InProcess();

  std::string program_;
  std::string folder_;
  ContestSize size_;
  Cargo cargo_;
  std::unique_ptr<Server> memory_;
  std::unique_ptr<Server> disk_;
  std::unique_ptr<Server> nginx_;
  std::unique_ptr<Server> registry_;
  Numbers numbers_;
};

Status Contest::Put(const char* name, Result<double> measured) {
  if (!measured) {
    return measured.error().At(name);
  }
  numbers_[name].push_back(*measured);
  std::printf("  %s: %.1f\n", name, *measured);
  std::fflush(stdout);
  return Ok();
}

Status Contest::PutBytes(const char* name, Result<double> seconds, int times) {
  return Put(name, seconds
                       ? Result<double>(static_cast<double>(cargo_.bytes) * times / 1e6 / *seconds)
                       : seconds);
}

Status Contest::Prepare() {
  std::error_code failure;
  for (const char* below : {"store", "nginx", "registry"}) {
    std::filesystem::create_directories(Concat({folder_, "/", below}), failure);
  }
  const Result<Cargo> cargo = MakeCargo(folder_ + "/nginx/blob", size_.mebibytes << 20U);
  if (!cargo) {
    return cargo.error();
  }
  cargo_ = *cargo;
  const std::pair<std::unique_ptr<Server>&, std::function<Result<std::unique_ptr<Server>>()>>
      all[] = {{memory_, [this] { return StartDrydock(program_, ""); }},
               {disk_, [this] { return StartDrydock(program_, folder_ + "/store"); }},
               {nginx_, [this] { return StartNginx(folder_ + "/nginx"); }},
               {registry_, [this] { return StartDockerRegistry(folder_ + "/registry"); }}};
  for (const auto& [place, start] : all) {
    Result<std::unique_ptr<Server>> started = start();
    if (!started) {
      return started.error();
    }
    place = std::move(*started);
  }
  for (const Server* server : {memory_.get(), disk_.get(), registry_.get()}) {
    if (Status put = PutManifest(server->url(), "team/app", folder_); !put) {
      return put;
    }
  }
  return Ok();
}

// The first thing that fails ends them.
template <class... Steps>
Status InOrder(Steps... steps) {
  Status done = Ok();
  ((done = done ? steps() : std::move(done)), ...);
  return done;
}

Status Contest::Pushes(const std::string& repository) {
  const auto push = [&](const Server& server) { return Push(server.url(), repository, cargo_); };
  const auto together = [&](const Server& server) {
    return PushTogether(server.url(), repository, cargo_, kTogether);
  };
  return InOrder([&] { return PutBytes(what::kPushMemory, push(*memory_)); },
                 [&] { return PutBytes(what::kFloor, WriteDurably(folder_, cargo_)); },
                 [&] { return PutBytes(what::kPushDisk, push(*disk_)); },
                 [&] { return PutBytes(what::kPushRegistry, push(*registry_)); },
                 [&] { return PutBytes(what::kEightMemory, together(*memory_), kTogether); },
                 [&] { return PutBytes(what::kEightDisk, together(*disk_), kTogether); });
}

Status Contest::Pulls(const std::string& repository) {
  const auto pull = [&](const Server& server) {
    return PullBlob(server.url(), repository, cargo_);
  };
  return InOrder([&] { return PutBytes(what::kPullNginx, Pull(nginx_->url() + "/blob", cargo_)); },
                 [&] { return PutBytes(what::kPullMemory, pull(*memory_)); },
                 [&] { return PutBytes(what::kPullDisk, pull(*disk_)); },
                 [&] { return PutBytes(what::kPullRegistry, pull(*registry_)); });
}

Status Contest::Rates() {
  const auto manifest = [](const Server& server) { return ManifestUrl(server.url(), "team/app"); };
  const std::string fixed = nginx_->url() + "/fixed";
  return InOrder([&] { return Put(what::kGetNginx, GetRate(fixed)); },
                 [&] { return Put(what::kGetMemory, GetRate(manifest(*memory_))); },
                 [&] { return Put(what::kGetDisk, GetRate(manifest(*disk_))); },
                 [&] { return Put(what::kGetRegistry, GetRate(manifest(*registry_))); },
                 [&] { return Put(what::kHeadNginx, HeadRate(fixed)); },
                 [&] { return Put(what::kHeadMemory, HeadRate(manifest(*memory_))); },
                 [&] { return Put(what::kHeadRegistry, HeadRate(manifest(*registry_))); });
}

Status Contest::InProcess() {
  Handled handled;
  const Url ping = Handled::Target(Handled::kPing);
  const Url manifest = Handled::Target(Handled::kManifest);
  bool answered = true;
  const double pings = TimesASecond([&] { answered = handled.Ask("GET", ping) && answered; });
  const double manifests =
      TimesASecond([&] { answered = handled.Ask("GET", manifest) && answered; });
  const double whole = TimesASecond([&] { answered = handled.Serve("GET", manifest) && answered; });
  if (!answered) {
    return Error(ErrorCode::kUnavailable, "in process: a request was refused");
  }
  SystemClock clock;
  Journal journal(clock);
  const double made = TimesASecond([&] {
    const simulator::Registry hub("registry.test", simulator::AnonymousPersonality(), clock, Rng(1),
                                  journal);
  });
  return InOrder(
      [&] { return Put(what::kPing, pings); }, [&] { return Put(what::kManifest, manifests); },
      [&] { return Put(what::kWholeWay, whole); }, [&] { return Put(what::kMade, 1e6 / made); });
}

Status Contest::Round(std::uint64_t number) {
  std::printf("\nround %llu\n", static_cast<unsigned long long>(number));
  const std::string repository = Concat({"round/", std::to_string(number)});
  const auto openssl = [this] {
    const Result<double> rate = OpensslRate();
    return Put(what::kOpenssl, rate ? Result<double>(*rate / 1e6) : rate);
  };
  const auto first = [this] {
    const Result<double> seconds = SecondsToFirstAnswer(program_);
    return Put(what::kFirst, seconds ? Result<double>(*seconds * 1e3) : seconds);
  };
  return InOrder(
      openssl, [&] { return Pushes(repository); }, [&] { return Pulls(repository); },
      [this] { return Rates(); }, [this] { return InProcess(); }, first,
      [this] {
        const auto bytes = static_cast<double>(disk_->PeakBytes());
        return Put(what::kResident, bytes / (1 << 20));
      });
}

std::string Machine(const std::string& folder, const std::string& load_before) {
  std::vector<std::string> versions;
  for (const char* package : {"nginx", "docker-registry", "wrk", "curl"}) {
    versions.push_back(Output(Concat({"dpkg-query -W -f='${Package} ${Version}' ", package})));
  }
  return Concat({MachineLines(versions), "- files on ", FileSystemOf(folder),
                 "\n- load average before: ", load_before, "; after: ", Load(), "\n",
                 std::strtod(load_before.c_str(), nullptr) < kQuiet
                     ? ""
                     : "- **others were at work on this machine**: their share is in every "
                       "figure;\n  the command above gives those of a quiet one\n"});
}

}  // namespace

Status RunContest(const std::string& program, const std::string& folder, const std::string& docs,
                  ContestSize size) {
  std::error_code failure;
  std::filesystem::remove_all(folder, failure);  // of a run that was ended
  const std::string load_before = Load();
  SystemClock clock;
  Contest contest(program, folder, size);
  Status done = contest.Prepare();
  for (std::uint64_t number = 1; number <= size.rounds && done; ++number) {
    done = contest.Round(number);
  }
  if (!done) {
    return done;
  }
  const std::string report = ContestReport(
      contest.numbers(), size, {FormatRfc3339(clock.Now()), Machine(folder, load_before)});
  std::ofstream file(docs + "/performance.md", std::ios::binary);
  file << report;
  std::printf("\n%s", report.c_str());
  std::filesystem::remove_all(folder, failure);
  return file.flush() ? Status(Ok())
                      : Error(ErrorCode::kUnavailable, docs + "/performance.md: cannot be written");
}

}  // namespace drydock::bench
