// The contest of the servers: round after round, everyone once in each, so that a slow minute of
// the machine slows all of them; ratios within a round, then medians of the rounds. Threads: one.
// Source: issue 4 section 6.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace drydock::bench {

struct ContestSize {
  std::uint64_t mebibytes = 1024;  // of the blob
  std::uint64_t rounds = 5;
};

// What was measured, by what it is: one number a round.
using Numbers = std::map<std::string, std::vector<double>>;

// Names of the numbers.
namespace what {
inline constexpr char kOpenssl[] = "openssl speed, SHA-256, one core: MB/s";
inline constexpr char kFloor[] = "dd conv=fdatasync: MB/s";
inline constexpr char kPushMemory[] = "push, drydock in memory: MB/s";
inline constexpr char kPushDisk[] = "push, drydock on disk: MB/s";
inline constexpr char kPushRegistry[] = "push, docker-registry: MB/s";
inline constexpr char kEightMemory[] = "eight pushes at once, drydock in memory: MB/s together";
inline constexpr char kEightDisk[] = "eight pushes at once, drydock on disk: MB/s together";
inline constexpr char kPullNginx[] = "pull, nginx static: MB/s";
inline constexpr char kPullMemory[] = "pull, drydock in memory: MB/s";
inline constexpr char kPullDisk[] = "pull, drydock on disk: MB/s";
inline constexpr char kPullRegistry[] = "pull, docker-registry: MB/s";
inline constexpr char kGetNginx[] = "GET, nginx return 200: 1/s";
inline constexpr char kGetMemory[] = "manifest GET, drydock in memory: 1/s";
inline constexpr char kGetDisk[] = "manifest GET, drydock on disk: 1/s";
inline constexpr char kGetRegistry[] = "manifest GET, docker-registry: 1/s";
inline constexpr char kHeadNginx[] = "HEAD, nginx return 200: 1/s";
inline constexpr char kHeadMemory[] = "manifest HEAD, drydock in memory: 1/s";
inline constexpr char kHeadRegistry[] = "manifest HEAD, docker-registry: 1/s";
inline constexpr char kPing[] = "in process, ping: 1/s";
inline constexpr char kManifest[] = "in process, manifest GET: 1/s";
inline constexpr char kWholeWay[] = "in process, manifest GET with rules and journal: 1/s";
inline constexpr char kMade[] = "registry made and destroyed: µs";
inline constexpr char kFirst[] = "exec to first answer: ms";
inline constexpr char kResident[] = "most resident, drydock on disk: MiB";
}  // namespace what

// Measures and writes DOCS/performance.md. Says on standard output what it is doing.
Status RunContest(const std::string& program, const std::string& folder, const std::string& docs,
                  ContestSize size);

// Pure: the report of these numbers.
struct ContestSurroundings {
  std::string when;
  std::string machine;  // several lines, each "- ..."
};
std::string ContestReport(const Numbers& numbers, ContestSize size,
                          const ContestSurroundings& surroundings);

}  // namespace drydock::bench
