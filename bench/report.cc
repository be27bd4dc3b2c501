#include "bench/report.h"

#include <cmath>
#include <cstdio>

#include "core/text.h"

namespace drydock::bench {
namespace {

std::string Number(const char* format, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string Row(const Measured& measured, const std::string& name) {
  const Trial* trial = measured.Find(name);
  if (trial == nullptr) {
    return "";
  }
  const Trial* floor = measured.Find(who::kFloor);
  const bool is_floor = name == who::kFloor;
  const std::size_t rounds = measured.rounds.at(name);
  return Concat(
      {"| ", ReplaceAll(name, "|", "\\|"), rounds == 1 ? " (one run)" : "", " | ",
       Number("%.3f", trial->seconds), " | ", is_floor ? "" : Number("%.3f", trial->cpu_seconds),
       " | ", Number("%.0f", static_cast<double>(measured.made.spec.bytes) / 1e6 / trial->seconds),
       " | ", floor == nullptr ? "" : Number("%.2f", trial->seconds / floor->seconds), " | ",
       is_floor ? "" : Number("%.0f", static_cast<double>(trial->peak_bytes) / (1 << 20)), " |\n"});
}

std::string Table(const Measured& measured) {
  std::string text = Concat({"### ", measured.made.title, "\n\n"});
  if (!measured.failure.empty()) {
    text += Concat({"Ended early: ", measured.failure, "\n\n"});
  }
  text +=
      "| who | seconds | processor seconds | MB/s | × floor | peak MiB |\n"
      "|---|---:|---:|---:|---:|---:|\n";
  for (const std::string& name : measured.order) {
    text += Row(measured, name);
  }
  return text + "\n";
}

}  // namespace

std::string Markdown(const std::vector<Measured>& measured, const Surroundings& surroundings) {
  std::string text =
      "# How fast the base hash is\n\n"
      "Every number is the median of five runs unless it says otherwise. The runs of a tree are\n"
      "interleaved, each in a process of its own, and every base hash is compared. The floor is "
      "what\n"
      "`openssl speed -evp sha256` says in the same round. Trees are generated (`drydock tree`) "
      "and\n"
      "hot in the page cache where nothing else is said. The bare walks (`bench/bare_walk.h`) do\n"
      "nothing but what nobody can leave out.\n\n";
  text += Concat({"- written by `", surroundings.command, "` on ", surroundings.when, "\n",
                  surroundings.machine, "\n## Targets\n\n| target | found | |\n|---|---|---|\n"});
  for (const Verdict& verdict : Judge(measured)) {
    text += Concat(
        {"| ", verdict.target, " | ", verdict.found, " | ",
         verdict.judged && !verdict.holds ? Concat({"**", Words(verdict), "**"}) : Words(verdict),
         " |\n"});
  }
  text +=
      "\n## Scaling\n\n![seconds by size of the tree](performance-hash.svg)\n\n"
      "## Trees\n\nProcessor seconds count all threads and programs in user and kernel mode; peak "
      "MiB\nis the largest process.\n\n";
  for (const Measured& tree : measured) {
    text += Table(tree);
  }
  return text.substr(0, text.size() - 1);
}

std::string PlotData(const std::vector<Measured>& measured) {
  std::string text;
  for (const Measured& tree : measured) {
    if (!tree.made.scaling) {
      continue;
    }
    text += Number("%.0f", static_cast<double>(tree.made.spec.bytes));
    for (const char* name : {who::kFloor, who::kHash, who::kUnchanged, who::kRecipe}) {
      const Trial* trial = tree.Find(name);
      text += trial == nullptr ? std::string(" NaN") : Number(" %.6f", trial->seconds);
    }
    text += '\n';
  }
  return text;
}

}  // namespace drydock::bench
