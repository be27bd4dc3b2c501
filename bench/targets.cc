// The targets of issue 3 section 5, each with the trees that it speaks of.
#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>

#include "bench/report.h"
#include "core/text.h"

namespace drydock::bench {
namespace {

using publisher::TreeShape;

constexpr std::uint64_t kSmallFile = 1024;

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Ratio(double value) { return Number("%.2f", value); }
std::string Seconds(double value) { return Number("%.3f s", value); }

// Seconds of `name`; nullopt when it did not run.
std::optional<double> Of(const Measured& measured, const char* name) {
  const Trial* found = measured.Find(name);
  return found == nullptr ? std::nullopt : std::optional(found->seconds);
}

// `most` says how often `of` may be taken by `who`.
using Limit = std::function<std::optional<Verdict>(const Measured&)>;

Verdict Below(double found, double most, const std::string& words) {
  Verdict verdict;
  verdict.measured = verdict.judged = true;
  verdict.holds = found <= most;
  verdict.found = words;
  return verdict;
}

Limit Times(const char* name, const char* of, double most) {
  return [=](const Measured& measured) -> std::optional<Verdict> {
    const auto took = Of(measured, name);
    const auto mark = Of(measured, of);
    if (!took || !mark) {
      return std::nullopt;
    }
    return Below(*took, *mark * most,
                 Concat({Ratio(*took / *mark), " (", Seconds(*took), " of ", Seconds(*mark), ")"}));
  };
}

Limit Reported(const char* name, const char* of) {
  return [=](const Measured& measured) -> std::optional<Verdict> {
    const auto took = Of(measured, name);
    const auto mark = Of(measured, of);
    if (!took || !mark) {
      return std::nullopt;
    }
    Verdict verdict;
    verdict.measured = true;
    verdict.found = Concat({Number("%.1f", *took / *mark), " times as long as drydock, cold"});
    return verdict;
  };
}

Limit TimesFaster(const char* name, const char* than, double least) {
  return [=](const Measured& measured) -> std::optional<Verdict> {
    const auto took = Of(measured, name);
    const auto other = Of(measured, than);
    if (!took || !other) {
      return std::nullopt;
    }
    return Below(*took * least, *other,
                 Concat({Number("%.2f", *other / *took), " times (", Seconds(*took), " against ",
                         Seconds(*other), ")"}));
  };
}

std::optional<Verdict> OneCore(const Measured& measured) {
  const auto took = Of(measured, who::kHashOneCore);
  const auto floor = Of(measured, who::kFloor);
  const auto walk = Of(measured, who::kReadOneCore);
  if (!took || !floor || !walk) {
    return std::nullopt;
  }
  return Below(*took, *floor + 1.1 * *walk,
               Concat({"floor + ", Ratio((*took - *floor) / *walk), " walks (", Seconds(*took),
                       "; ", Seconds(*floor), " and ", Seconds(*walk), ")"}));
}

std::optional<Verdict> LastChanged(const Measured& measured) {
  const auto took = Of(measured, who::kLastChanged);
  const auto unchanged = Of(measured, who::kUnchanged);
  const auto cold = Of(measured, who::kHash);
  if (!took || !unchanged || !cold) {
    return std::nullopt;
  }
  return Below(*took, *unchanged + 0.03 * *cold,
               Concat({"unchanged + ", Number("%.1f", 100 * (*took - *unchanged) / *cold), " % (",
                       Seconds(*took), "; ", Seconds(*unchanged), ")"}));
}

struct Target {
  const char* words;
  bool (*speaks_of)(const Case&);
  Limit limit;
};

bool IsLarge(const Case& made) {
  return made.spec.files == 60'000 && made.spec.shape == TreeShape::kRootfs;
}
bool IsOneFile(const Case& made) { return made.spec.shape == TreeShape::kBig; }
bool IsManySmall(const Case& made) {
  return made.spec.files >= 100'000 && made.spec.bytes == made.spec.files * kSmallFile;
}
bool HasGit(const Case& made) { return made.entries.git; }

std::vector<Target> Targets() {
  return {
      {"60,000 files, 1.5 GB, hot: at most 1.05 × floor", IsLarge,
       Times(who::kHash, who::kFloor, 1.05)},
      {"on one core: at most floor + 1.1 × bare open-read-close", IsLarge, OneCore},
      {"the shell recipe's factor (reported, no target)", IsLarge,
       Reported(who::kRecipe, who::kHash)},
      {"one large file: at most 1.03 × floor", IsOneFile, Times(who::kHash, who::kFloor, 1.03)},
      {"page cache dropped: at least 0.9 × the best parallel cat", IsLarge,
       TimesFaster(who::kHashDropped, who::kCatDropped, 0.9)},
      {"page cache dropped: at least 0.9 × a bare open-read-close with 8 threads", IsLarge,
       TimesFaster(who::kHashDropped, who::kReadDropped, 0.9)},
      {"many files of 1 KiB: at most 2 × bare parallel open-read-close", IsManySmall,
       Times(who::kHash, who::kRead, 2)},
      {"nothing changed: at most 2 × bare parallel lstat", IsLarge,
       Times(who::kUnchanged, who::kLook, 2)},
      {"nothing changed: at least 50 times as fast as the recipe", IsLarge,
       TimesFaster(who::kUnchanged, who::kRecipe, 50)},
      {"last 1 % changed: at most unchanged + 3 % of cold", IsLarge, LastChanged},
      {"git source: at least 3 times as fast as git worktree add + recipe", HasGit,
       TimesFaster(who::kGitHash, who::kGitRecipe, 3)},
  };
}

}  // namespace

std::string Words(const Verdict& verdict) {
  return !verdict.measured ? "not measured"
         : !verdict.judged ? "reported"
         : verdict.holds   ? "holds"
                           : "does not hold";
}

std::vector<Verdict> Judge(const std::vector<Measured>& measured) {
  std::vector<Verdict> verdicts;
  for (const Target& target : Targets()) {
    for (const Measured& tree : measured) {
      if (!target.speaks_of(tree.made)) {
        continue;
      }
      Verdict verdict = target.limit(tree).value_or(Verdict{"", tree.failure, false, false, false});
      verdict.target = Concat({target.words, " [", tree.made.title, "]"});
      verdicts.push_back(std::move(verdict));
    }
  }
  return verdicts;
}

}  // namespace drydock::bench
