#include "scenarios/authoring/import.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>

#include "core/reference.h"
#include "core/text.h"
#include "scenarios/authoring/captured.h"
#include "scenarios/authoring/format.h"

namespace drydock::scenarios {
namespace {

using importing::Named;
using json::Member;
using json::Value;
using Json = nlohmann::ordered_json;

// The tag an earlier release gets when the capture names none.
constexpr std::string_view kEarlierTag = "v0-earlier";
constexpr std::size_t kHostsNamed = 5;

Json FromValue(const Value& value) {
  if (const auto* object = value.as_object()) {
    Json json = Json::object();
    for (const Member& member : *object) {
      json[member.key] = FromValue(member.value);
    }
    return json;
  }
  if (const auto* array = value.as_array()) {
    Json json = Json::array();
    for (const Value& element : *array) {
      json.push_back(FromValue(element));
    }
    return json;
  }
  if (const std::string* text = value.as_string()) {
    return *text;
  }
  if (const bool* held = value.as_bool()) {
    return *held;
  }
  if (const auto integer = value.as_integer()) {
    return *integer;
  }
  const auto number = value.as_number();
  return number ? Json(*number) : Json();
}

// Tags of the pushed repository as they were before anything was written: there or not.
std::map<std::string, bool> TagsBefore(const std::vector<Named>& exchanges,
                                       const std::string& pushed) {
  std::map<std::string, bool> tags;
  std::set<std::string> written;
  for (const Named& named : exchanges) {
    const int status = named.exchange->status;
    if (named.repository != pushed || !IsTag(named.reference) || named.failed) {
      continue;
    }
    if (named.operation == "manifest.put") {
      written.insert(named.reference);
    } else if ((named.operation == "manifest.head" || named.operation == "manifest.get") &&
               (status == 200 || status == 404) && written.count(named.reference) == 0) {
      tags.emplace(named.reference, status == 200);
    }
  }
  return tags;
}

bool IsBase(std::string_view tag) { return tag.starts_with("base"); }
bool IsLatest(std::string_view tag) { return tag.starts_with("latest"); }

// The release that the capture publishes: the shortest tag put that is no alias; "" without one.
std::string ReleaseTag(const std::vector<Named>& exchanges, const std::string& pushed) {
  std::string release;
  for (const Named& named : exchanges) {
    const bool release_put = named.operation == "manifest.put" && named.repository == pushed &&
                             !named.by_digest && !IsBase(named.reference) &&
                             !IsLatest(named.reference) && IsTag(named.reference);
    if (release_put && (release.empty() || named.reference.size() < release.size())) {
      release = named.reference;
    }
  }
  return release;
}

class Import {
 public:
  Import(const Capture& capture, const ImportOptions& options)
      : capture_(capture), options_(options) {}

  Result<Imported> Make() {
    const importing::Hosts hosts{options_.npm_host, ForgeHost()};
    exchanges_ = importing::NameExchanges(capture_, hosts);
    pushed_ = importing::PushedRepository(exchanges_);
    const auto known = std::count_if(exchanges_.begin(), exchanges_.end(),
                                     [](const Named& each) { return !each.operation.empty(); });
    if (known == 0) {
      return Wrong("no request is one that a registry, its token service or npm would know");
    }
    imported_.failures = static_cast<std::size_t>(std::count_if(
        exchanges_.begin(), exchanges_.end(), [](const Named& each) { return each.failed; }));
    if (imported_.failures == 0) {
      return Wrong("nothing in it failed, so there is nothing to replay");
    }
    const std::vector<std::string> rules =
        importing::RulesFor(exchanges_, pushed_, options_.repository, imported_.notes);
    if (rules.empty()) {
      return Wrong(Concat({"nothing that failed can be said: ", imported_.notes.front()}));
    }
    imported_.rules = rules.size();
    const Json scenario = Document(rules);
    auto text =
        FormatJson(scenario.dump(-1, ' ', false, Json::error_handler_t::replace), options_.source);
    if (!text) {
      return text.error();
    }
    imported_.text = std::move(*text);
    return std::move(imported_);
  }

 private:
  Error Wrong(std::string_view what) const {
    return Error(ErrorCode::kInvalid, Concat({options_.source, ": ", what}));
  }

  std::string ForgeHost() const {
    return options_.like->world.forge ? options_.like->world.forge->content.host : "";
  }

  Json Document(const std::vector<std::string>& rules) {
    Json world = World();
    Json steps = Steps();
    Json scenario;
    scenario["title"] = Title();
    scenario["about"] = "";
    scenario["sources"] = Json::array({options_.source});
    const auto& first = capture_.exchanges.front().time;
    const bool own_start = options_.keep_world || !first;
    scenario["start"] = FormatRfc3339(own_start ? options_.like->start
                                                : std::chrono::floor<std::chrono::seconds>(*first));
    scenario["seed"] = options_.like->seed;
    scenario["world"] = std::move(world);
    for (const std::string& rule : rules) {
      scenario["faults"].push_back(Json::parse(rule, nullptr, false));
    }
    scenario["steps"] = std::move(steps);
    NoteUnknownHosts();
    scenario["about"] = About();
    return scenario;
  }

  std::string Title() const {
    if (!options_.title.empty()) {
      return options_.title;
    }
    const auto failed = std::find_if(exchanges_.begin(), exchanges_.end(), [](const Named& each) {
      return each.failed && !each.operation.empty();
    });
    const int status = failed->exchange->status;
    return Concat(
        {"Captured: ", failed->operation, " ",
         status == 0 ? "got no answer" : Concat({"was answered ", std::to_string(status)}),
         imported_.failures > 1
             ? Concat({", and ", std::to_string(imported_.failures - 1), " more failed"})
             : std::string()});
  }

  std::string About() const {
    std::string about =
        Concat({"Made of ", std::to_string(capture_.exchanges.size()), " requests captured by ",
                capture_.creator.empty() ? "an unnamed program" : capture_.creator, ", of which ",
                std::to_string(imported_.failures), " failed."});
    for (const std::string& note : imported_.notes) {
      about += Concat({" Not in it: ", note, "."});
    }
    return about;
  }

  // The world of the scenario it is to be like, without what goes wrong there.
  Json World() {
    const Value* given = options_.like_document->Find("world");
    Json world = given == nullptr ? Json::object() : FromValue(*given);
    if (!options_.project.empty()) {
      world["project"]["template"] = options_.project;
    }
    if (world.contains("npm")) {
      for (auto& package : world["npm"]) {
        for (auto& version : package["versions"]) {
          version.erase("tarball-from");
        }
      }
    }
    if (!options_.keep_world) {
      FollowCapture(world);
    }
    return world;
  }

  void FollowCapture(Json& world) {
    const std::string release = ReleaseTag(exchanges_, pushed_);
    if (!release.empty()) {
      world["project"]["tag"] = release;
    }
    const std::string tag = world["project"]["tag"].get<std::string>();
    Json hub = Json::object();
    std::vector<std::string> others;  // beside the base, the aliases and the release itself
    bool any = false;
    bool base = false;
    for (const auto& [name, there] : TagsBefore(exchanges_, pushed_)) {
      any = any || there;
      base = base || (there && IsBase(name) && name != "base-latest");
      if (there && name == tag) {
        imported_.notes.push_back(
            Concat({"tag ", name, " was there before, and is the one that is published"}));
      } else if (there && !IsBase(name) && !IsLatest(name)) {
        others.push_back(name);
      }
    }
    std::stable_sort(others.begin(), others.end(),
                     [](const auto& a, const auto& b) { return a.size() < b.size(); });
    if (others.size() > 1) {
      imported_.notes.push_back(Concat(
          {"tags that were there beside those of one earlier release (", Join(others, ", "), ")"}));
    }
    if (any) {
      hub["previous-release"] = others.empty() ? std::string(kEarlierTag) : others.front();
      hub["base"] = base ? "present" : "absent";
    }
    world["hub"] = std::move(hub);
    NoteBlobs();
  }

  void NoteBlobs() {
    const auto there = std::count_if(exchanges_.begin(), exchanges_.end(), [](const Named& each) {
      return each.operation == "blob.head" && each.exchange->status == 200;
    });
    if (there > 0) {
      imported_.notes.push_back(Concat({"which blobs were there (", std::to_string(there),
                                        " were); the earlier release has its own"}));
    }
  }

  // What is done, without what was expected there and without switching rules of that file.
  Json Steps() {
    Json steps = Json::array();
    for (const Value& step : *options_.like_document->Find("steps")->as_array()) {
      Json copy = FromValue(step);
      copy.erase("expect");
      if (!copy.contains("faults")) {
        steps.push_back(std::move(copy));
      }
    }
    return steps;
  }

  void NoteUnknownHosts() {
    std::map<std::string, std::size_t> hosts;
    for (const Named& named : exchanges_) {
      if (named.operation.empty() && !named.failed) {
        ++hosts[named.exchange->url.host];
      }
    }
    std::vector<std::string> names;
    for (const auto& [host, count] : hosts) {
      if (names.size() < kHostsNamed) {
        names.push_back(Concat({host, " (", std::to_string(count), ")"}));
      }
    }
    if (!names.empty()) {
      imported_.notes.push_back(Concat(
          {"requests that drydock's servers do not know, which went well: ", Join(names, ", "),
           hosts.size() > names.size() ? " and others" : ""}));
    }
    if (capture_.skipped > 0) {
      imported_.notes.push_back(
          Concat({std::to_string(capture_.skipped), " entries that are no HTTP requests"}));
    }
  }

  const Capture& capture_;
  const ImportOptions& options_;
  std::vector<Named> exchanges_;
  std::string pushed_;
  Imported imported_;
};

}  // namespace

Result<Imported> ImportCapture(const Capture& capture, const ImportOptions& options) {
  if (capture.exchanges.empty()) {
    return Error(ErrorCode::kInvalid, Concat({options.source, ": has no HTTP requests"}));
  }
  return Import(capture, options).Make();
}

}  // namespace drydock::scenarios
