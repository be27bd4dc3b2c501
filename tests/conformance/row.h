// Rows of the conformance suite: a sequence of requests to one fresh registry and what each must
// give. A row names the rule it checks (tests/conformance/rule.h), which tells where it is written.
// Threads: values.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http.h"
#include "simulator/registry/personalities.h"
#include "tests/unit/registry/bench.h"

namespace drydock::simulator {

// One request and its expected answer; or something that happens between two requests.
//
// In a target "{location}" stands for the last Location an answer gave and "{first}" for the first;
// a "&" right behind it becomes "?" where the Location has no query. Header values and bodies are
// expected as patterns ("*" any run of characters).
class Step {
 public:
  Step(std::string method, std::string target)
      : ask_{std::move(method), std::move(target), {}, {}, false, {}} {}
  explicit Step(std::function<void(Bench&)> happening)
      : ask_{"", "", {}, {}, false, {}}, happening_(std::move(happening)) {}

  Step With(std::string_view name, std::string_view value) &&;
  Step Sending(std::string body, std::string_view content_type = "") &&;
  // A body that is made when the step is played: for one that is large.
  Step Making(std::function<std::string()> body, std::string_view content_type) &&;
  Step Chunked() &&;  // no Content-Length
  // With a token for these scopes, of the account or anonymous.
  Step As(std::string scope) &&;
  Step AsAnybody(std::string scope) &&;
  Step From(std::string address) &&;

  Step Gives(int status) &&;
  Step Refused(int status, std::string code) &&;
  Step Has(std::string name, std::string pattern) &&;
  Step Lacks(std::string name) &&;
  Step Says(std::string pattern) &&;

  const Ask& ask() const { return ask_; }
  const std::function<void(Bench&)>& happening() const { return happening_; }

 private:
  friend class RowPlayer;
  Ask ask_;
  std::function<void(Bench&)> happening_;
  std::function<std::string()> make_body_;
  std::string scope_;
  bool account_ = false;
  int status_ = 200;
  std::string code_;
  std::vector<std::pair<std::string, std::string>> has_;
  std::vector<std::string> lacks_;
  std::optional<std::string> says_;
};

Step Get(std::string target);
Step Head(std::string target);
Step Post(std::string target);
Step Put(std::string target);
Step Patch(std::string target);
Step Delete(std::string target);

// Puts content in place without a request.
Step HaveBlob(const std::string& repository, const std::string& bytes);
// The blobs "config" and "layer" and the image over them, under that tag.
Step HaveImage(const std::string& repository, const std::string& tag);
Step HaveTags(const std::string& repository, const std::vector<std::string>& tags);
Step Wait(Duration span);

struct Row {
  std::string rule;
  std::string title;
  std::vector<Step> steps;
  Personality (*personality)() = AnonymousPersonality;
};

std::ostream& operator<<(std::ostream& out, const Row& row);

enum class Transport { kInProcess, kSocket };

struct Performance {
  std::vector<std::string> refusals;    // "CODE status" of each
  std::vector<std::string> transcript;  // each answer, whole, with the request's line
};

// Plays the row and fails the present test where an answer is not as expected, or breaks a rule
// that holds for every answer: every 201 says where its content can be had, every refusal is of the
// table of error codes.
Performance Play(const Row& row, Transport transport = Transport::kInProcess);

const std::vector<Row>& BlobRows();
const std::vector<Row>& UploadRows();
const std::vector<Row>& ManifestRows();
const std::vector<Row>& ListRows();
const std::vector<Row>& AuthRows();
const std::vector<Row>& HubRows();
const std::vector<Row>& ContentRows();
const std::vector<Row>& PushRows();
const std::vector<Row>& MannerRows();
// Every row, in the order of those above.
std::vector<Row> AllRows();

// The content the rows talk about.
inline constexpr std::string_view kAppWeb = "app/web";
std::string At(std::string_view rest,
               std::string_view repository = kAppWeb);  // "/v2/app/web/…"
std::string Image();                                    // the manifest over "config" and "layer"

}  // namespace drydock::simulator
