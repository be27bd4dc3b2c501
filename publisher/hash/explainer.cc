#include "publisher/hash/explainer.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace drydock::publisher {
namespace {

constexpr std::size_t kPathsMost = 20;
constexpr std::size_t kDigitsLeast = 12;
constexpr std::size_t kDigitsMost = 64;

}  // namespace

Result<std::string> ParseExpected(std::string_view text) {
  std::string digits = ToLower(text.starts_with("sha256:") ? text.substr(7) : text);
  if (digits.starts_with("base-")) {
    digits = digits.substr(5);
  }
  if (digits.size() < kDigitsLeast || digits.size() > kDigitsMost ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    return Error(ErrorCode::kInvalid,
                 Concat({"hash: not 12 to 64 hex digits, with or without base-: ", text}));
  }
  return digits;
}

std::vector<std::string> FirstPaths(std::vector<std::string> paths) {
  if (paths.size() > kPathsMost) {
    const std::string more = std::to_string(paths.size() - kPathsMost);
    paths.resize(kPathsMost);
    paths.push_back(Concat({"… and ", more, " more"}));
  }
  return paths;
}

Sequence SequenceWithout(const Sequence& sequence, const std::vector<std::size_t>& places) {
  Sequence left;
  std::copy_if(sequence.begin(), sequence.end(), std::back_inserter(left), [&](const Piece& piece) {
    return std::find(places.begin(), places.end(), piece.index) == places.end();
  });
  return left;
}

void Explainer::Begin(std::string what) {
  report_.attempts.push_back({std::move(what), 0, ""});
  // Half of what is left, so that no hypothesis takes it all from those after it.
  const std::uint64_t left = options_.effort - std::min(options_.effort, report_.bytes_hashed);
  stop_at_ = report_.bytes_hashed + left / 2;
}

void Explainer::Note(std::string note) {
  std::string& all = report_.attempts.back().note;
  all += all.empty() ? std::move(note) : "; " + note;
}

bool Explainer::Exhausted() {
  if (report_.bytes_hashed < stop_at_) {
    return false;
  }
  constexpr std::string_view kNote = "stopped here: its share of the effort is used up (--effort)";
  if (!Contains(report_.attempts.back().note, kNote)) {
    Note(std::string(kNote));
  }
  return true;
}

Status Explainer::Try(Trials& trials, const Sequence& sequence, const Describe& describe) {
  if (Exhausted()) {
    return Ok();
  }
  auto digest = trials.Hash(sequence);
  if (!digest) {
    return std::move(digest).error();
  }
  return Judge(
      trials, *digest, [&] { return sequence; }, describe);
}

Status Explainer::Judge(Trials& trials, const Digest& digest,
                        const std::function<Sequence()>& sequence, const Describe& describe) {
  ++report_.attempts.back().trials;
  if (options_.on_progress) {
    options_.on_progress(
        {report_.attempts.back().what, report_.attempts.back().trials, report_.bytes_hashed});
  }
  const std::string_view hex = digest.hex().substr(0, report_.expected.size());
  if (hex != report_.expected) {
    std::size_t digits = 0;
    for (std::size_t at = 0; at < hex.size(); ++at) {
      digits += hex[at] == report_.expected[at] ? 0 : 1;
    }
    if (digits < slip_digits_) {
      slip_digits_ = digits;
      report_.slip = Concat({hex, " differs in ", std::to_string(digits), " of ",
                             std::to_string(hex.size()), " digits: ", describe().what});
    }
    return Ok();
  }
  auto proof = trials.Prove(sequence());
  if (!proof) {
    return std::move(proof).error();
  }
  if (*proof != digest) {
    return Error(ErrorCode::kConflict,
                 "hash: an input changed while explanations were tried; run again");
  }
  Explanation explanation = describe();
  explanation.paths = FirstPaths(std::move(explanation.paths));
  explanation.digest = digest;
  report_.explanations.push_back(std::move(explanation));
  return Ok();
}

Status Explainer::Run() {
  if (auto project = GitProject::Open(subject_.root); project && subject_.archive.empty()) {
    project_.emplace(*std::move(project));
    folder_ = project_->folder();
  }
  auto list = InputList::Make(subject_, recipe_, folder_);
  if (!list) {
    return std::move(list).error();
  }
  list_.emplace(*std::move(list));
  auto trials = Trials::Make(*list_, report_.bytes_hashed);
  if (!trials) {
    return std::move(trials).error();
  }
  trials_.emplace(*std::move(trials));
  report_.local = trials_->base();
  report_.inputs = list_->inputs().size();
  report_.bytes = list_->bytes();
  report_.skipped = list_->skipped();
  Begin("the inputs as they are");
  const Describe as_is = [&] {
    Explanation told;
    told.kind = "left-out-silently";
    told.what = report_.skipped.empty()
                    ? "the inputs as they are"
                    : "CI left out without a word what it could not read either: see above";
    told.advice = "make it readable, or put it back, in both places; until then use CI's value";
    told.reproduce = Concat({"export LC_ALL=C; ", ShellText(recipe_)});
    return told;
  };
  if (Status tried = Try(*trials_, trials_->BaseSequence(), as_is); !tried) {
    return tried;
  }
  if (report_.explained()) {
    report_.matches = report_.skipped.empty();
    if (report_.matches) {
      report_.explanations.clear();
    }
    return Ok();
  }
  return Search();
}

Status Explainer::Search() {
  SortOutStrays();
  if (Status tried = TryStrays(); !tried) {
    return tried;
  }
  if (!report_.explained()) {
    if (Status tried = TryStreams({&*trials_, trials_->BaseSequence(), ""}); !tried) {
      return tried;
    }
  }
  // The history tells more about a value that is explained already.
  if (Status tried = TryHistory(); !tried) {
    return tried;
  }
  for (const auto search :
       {&Explainer::TryOneLeftOut, &Explainer::TryOneEdited, &Explainer::TryTwoLeftOut}) {
    if (report_.explained()) {
      break;
    }
    if (Status tried = (this->*search)(); !tried) {
      return tried;
    }
  }
  return Ok();
}

Result<ExplainReport> Explain(const HashSubject& subject, const Recipe& recipe,
                              const std::string& expected, const ExplainOptions& options) {
  ExplainReport report;
  report.expected = expected;
  if (Status done = Explainer(subject, recipe, options, report).Run(); !done) {
    return std::move(done).error();
  }
  return report;
}

}  // namespace drydock::publisher
