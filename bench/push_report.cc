// How fast `drydock push` is, held against `skopeo copy`: an OCI layout of 40 layers to the same
// `drydock serve`, in turns, a fresh server for each. Prints times and peak memory of both.
//   push_report DRYDOCK [MIB [ROUNDS]]
// Threads: one.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/digest.h"
#include "core/rng.h"
#include "core/text.h"
#include "tests/support/temp_folder.h"

namespace drydock::bench {
namespace {

constexpr std::uint64_t kLayers = 40;

std::string Descriptor(std::string_view type, const Digest& digest, std::uint64_t size,
                       std::string_view more = "") {
  return Concat({R"({"mediaType":"application/vnd.oci.image.)", type, R"(","digest":")",
                 digest.ToString(), R"(","size":)", std::to_string(size), more, "}"});
}

// Layers of noise; nothing looks into them.
void WriteLayout(const testing::TempFolder& folder, std::uint64_t bytes) {
  Rng rng(1);
  const auto put = [&](const std::string& blob) {
    Digest digest = Digest::Of(blob);
    folder.Write(Concat({"image/blobs/sha256/", digest.hex()}), blob);
    return digest;
  };
  std::vector<std::string> layers;
  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < kLayers; ++i) {
    std::string layer;
    while (layer.size() < bytes / kLayers) {
      const std::uint64_t next = rng.Next();
      layer.append(reinterpret_cast<const char*>(&next), sizeof(next));
    }
    const Digest digest = put(layer);
    layers.push_back(Descriptor("layer.v1.tar+gzip", digest, layer.size()));
    ids.push_back(Concat({"\"", digest.ToString(), "\""}));
  }
  const std::string config =
      Concat({R"({"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers",)",
              R"("diff_ids":[)", Join(ids, ","), "]}}"});
  const std::string manifest =
      Concat({R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)",
              R"("config":)", Descriptor("config.v1+json", put(config), config.size()),
              R"(,"layers":[)", Join(layers, ","), "]}"});
  folder.Write("image/oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  folder.Write("image/index.json",
               Concat({R"({"schemaVersion":2,"manifests":[)",
                       Descriptor("manifest.v1+json", put(manifest), manifest.size(),
                                  R"(,"annotations":{"org.opencontainers.image.ref.name":"v1"})"),
                       "]}"}));
}

pid_t Start(const std::vector<std::string>& argv, const std::string& home) {
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setenv("HOME", home.c_str(), 1);
    std::vector<char*> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string& argument : argv) {
      pointers.push_back(const_cast<char*>(argument.c_str()));
    }
    pointers.push_back(nullptr);
    if (std::freopen("/dev/null", "w", stdout) != nullptr) {
      ::execvp(pointers[0], pointers.data());
    }
    ::_exit(127);
  }
  return pid;
}

struct Run {
  double seconds = 0;
  double cpu_seconds = 0;
  double peak_mib = 0;
  int exit_code = 0;
};

Run Time(const std::vector<std::string>& argv, const std::string& home) {
  SystemClock clock;
  const Duration began = clock.Elapsed();
  const pid_t pid = Start(argv, home);
  int status = 0;
  rusage usage{};
  ::wait4(pid, &status, 0, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  Run run;
  run.seconds = std::chrono::duration<double>(clock.Elapsed() - began).count();
  run.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  run.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return run;
}

// A server of its own for one push; gives "127.0.0.1:PORT".
class Server {
 public:
  Server(const std::string& drydock, const testing::TempFolder& folder) {
    const std::string ready = folder.At("ready");
    std::filesystem::remove(ready);
    pid_ = Start({drydock, "serve", "--port", "0", "--ready-file", ready}, folder.path().string());
    SystemClock clock;
    std::string url;
    while (url.empty() && ::waitpid(pid_, nullptr, WNOHANG) == 0) {
      (void)clock.SleepFor(std::chrono::milliseconds(10)).ok();
      url = testing::ReadFile(ready);
    }
    place_ = Concat(
        {"127.0.0.1", Trim(std::string_view(url).substr(std::min(url.rfind(':'), url.size())))});
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  const std::string& place() const { return place_; }

 private:
  pid_t pid_ = -1;
  std::string place_;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const char* name, const std::vector<Run>& runs, std::uint64_t mib) {
  std::vector<double> seconds;
  std::vector<double> cpu;
  double peak = 0;
  for (const Run& run : runs) {
    seconds.push_back(run.seconds);
    cpu.push_back(run.cpu_seconds);
    peak = std::max(peak, run.peak_mib);
  }
  const auto [least, most] = std::minmax_element(seconds.begin(), seconds.end());
  std::printf("%-8s  %6.2f  %6.2f  %6.2f  %8.2f  %8.0f  %8.0f\n", name, *least, Median(seconds),
              *most, Median(cpu), static_cast<double>(mib) / Median(seconds), peak);
}

int Main(const std::string& drydock, std::uint64_t mib, int rounds) {
  const testing::TempFolder folder;
  WriteLayout(folder, mib << 20);
  std::vector<Run> own;
  std::vector<Run> skopeo;
  for (int round = 0; round < rounds; ++round) {
    for (std::vector<Run>* runs : {&own, &skopeo}) {
      const Server server(drydock, folder);
      const std::string place = server.place() + "/bench/app:v1";
      const std::string image = folder.At("image");
      runs->push_back(
          Time(runs == &own
                   ? std::vector<std::string>{drydock, "push", image, place, "--run-journal",
                                              folder.At(Concat({"run", std::to_string(round)}))}
                   : std::vector<std::string>{"skopeo", "--insecure-policy", "copy", "-q",
                                              "--dest-tls-verify=false",
                                              Concat({"oci:", image, ":v1"}), "docker://" + place},
               folder.path().string()));
      if (runs->back().exit_code != 0) {
        std::fprintf(stderr, "push_report: a push failed\n");
        return 1;
      }
    }
  }
  std::printf("%llu MiB in %llu layers, %d rounds in turns; seconds are of the wall\n\n",
              static_cast<unsigned long long>(mib), static_cast<unsigned long long>(kLayers),
              rounds);
  std::printf("%-8s  %6s  %6s  %6s  %8s  %8s  %8s\n", "", "min", "median", "max", "cpu", "MiB/s",
              "peak MiB");
  Print("drydock", own, mib);
  Print("skopeo", skopeo, mib);
  std::vector<double> ratios;
  for (std::size_t i = 0; i < own.size(); ++i) {
    ratios.push_back(skopeo[i].seconds / own[i].seconds);
  }
  std::printf("\nskopeo takes %.1f times as long (median of the rounds)\n", Median(ratios));
  return 0;
}

}  // namespace
}  // namespace drydock::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "push_report DRYDOCK [MIB [ROUNDS]]\n");
    return 2;
  }
  return drydock::bench::Main(argv[1], argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1024,
                              argc > 3 ? std::max(std::atoi(argv[3]), 1) : 5);
}
