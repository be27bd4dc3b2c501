// What a person or a machine sees of a publish while it runs: on a terminal lines that stay and one
// that lives (the step, its time, bytes and rate, what it waits for, about how much is left); plain
// lines in a log; one JSON object a line for machines; or nothing.
// Threads: any; one line at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/journal.h"
#include "publisher/release/step_times.h"
#include "publisher/release/verdict.h"

namespace drydock::cli {

class PublishView {
 public:
  enum class Form { kSilent, kLines, kLive, kJsonLines };
  using Counter = std::atomic<std::uint64_t>;

  // Lines, live when standard output is a terminal.
  static Form FormForPeople();

  struct Setting {
    Form form = Form::kLines;
    std::vector<std::string> steps;  // in the order in which they come
    std::string release;             // under which their times are kept; "": not kept
  };
  // `times` and `clock` must outlive it.
  PublishView(Setting setting, publisher::StepTimes& times, Clock& clock);
  ~PublishView();
  PublishView(const PublishView&) = delete;
  PublishView& operator=(const PublishView&) = delete;

  void ShowCheck(const publisher::PreflightCheck& check);
  void ShowStep(const publisher::StepRecord& step);
  void ShowWait(const WaitEvent& wait);
  // What the builder prints, as it comes.
  void ShowOutput(std::string_view piece);
  // Bytes of bodies sent so far, for the live line.
  const std::shared_ptr<Counter>& sent() const { return sent_; }

 private:
  void Tick();
  // With the mutex held: takes the live line away, draws it again.
  void Wipe();
  void Draw();
  std::string LiveText();
  void Print(const std::string& line);
  void PrintJson(std::string_view event,
                 const std::vector<std::pair<std::string_view, std::string>>& fields);
  std::string Paint(std::string_view text, std::string_view colour) const;

  Form form_;
  bool colour_;
  std::vector<std::string> steps_;
  std::string release_;
  publisher::StepTimes& times_;
  Clock& clock_;
  std::shared_ptr<Counter> sent_ = std::make_shared<Counter>(0);

  std::mutex mutex_;  // over what follows
  std::condition_variable ended_;
  bool end_ = false;
  bool drawn_ = false;
  bool at_line_start_ = true;  // of what the builder prints
  std::string step_;           // under way; "" for none
  Duration began_{};
  std::uint64_t sent_before_ = 0;  // the step
  std::string waits_for_;
  Duration waits_until_{};
  std::deque<std::pair<Duration, std::uint64_t>> samples_;  // time and bytes, for the rate
  std::thread ticker_;
};

}  // namespace drydock::cli
