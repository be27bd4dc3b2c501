#include "cli/personalities.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"
#include "simulator/registry/personalities.h"
#include "simulator/registry/traits.h"

namespace drydock::cli {
namespace {

using Json = nlohmann::ordered_json;
using simulator::Difference;
using simulator::PersonalityRow;

// Where the row's difference was seen; traits that come with another have that one's source.
std::string_view SourceOf(const PersonalityRow& row, std::string_view trait) {
  const auto quirk = std::find_if(row.quirks.begin(), row.quirks.end(),
                                  [&](const simulator::Quirk& one) { return one.trait == trait; });
  return quirk == row.quirks.end() ? std::string_view() : quirk->source;
}

const PersonalityRow* FindRow(std::string_view name) {
  const auto rows = simulator::PersonalityRows();
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&](const PersonalityRow& one) { return one.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace

std::string PersonalityList(bool json) {
  Json list = Json::array();
  std::string text;
  for (const PersonalityRow& row : simulator::PersonalityRows()) {
    const std::size_t traits =
        simulator::DifferencesFromStrict(*simulator::FindPersonality(row.name)).size();
    list.push_back({{"name", row.name}, {"summary", row.summary}, {"differs-from-strict", traits}});
    text += Concat({PadRight(row.name, 18), PadRight(row.summary, 50),
                    traits == 0 ? "" : Concat({std::to_string(traits), " traits differ"}), "\n"});
  }
  return json ? list.dump(2) + "\n"
              : text + "\ndrydock serve --diff NAME shows in what, and where it was seen.\n";
}

std::optional<std::string> PersonalityDiff(std::string_view name, bool json) {
  const PersonalityRow* row = FindRow(name);
  if (row == nullptr) {
    return std::nullopt;
  }
  Json list = Json::array();
  std::string text = Concat({row->name, ": ", row->summary, "\n"});
  for (const Difference& one :
       simulator::DifferencesFromStrict(*simulator::FindPersonality(row->name))) {
    const std::string_view meaning = simulator::FindTrait(one.trait)->meaning;
    const std::string_view source = SourceOf(*row, one.trait);
    list.push_back({{"trait", one.trait},
                    {"meaning", meaning},
                    {"strict", one.strict},
                    {"own", one.own},
                    {"source", source}});
    text += Concat({"\n", one.trait, ": ", one.own, "   (strict: ", one.strict, ")\n    ", meaning,
                    "\n", source.empty() ? "" : Concat({"    seen: ", source, "\n"})});
  }
  if (list.empty()) {
    text += "\nnothing differs from strict\n";
  }
  return json ? list.dump(2) + "\n" : text;
}

}  // namespace drydock::cli
