/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright 2026 The encnet-cl authors */
/*
 * encnet/encnet.hpp - the library for C++11 and later: owners that release what they hold, and exceptions.
 *
 * A thin layer over the functions of encnet/encnet.h, without anything compiled of its own.  What it does
 * not cover is a call of the C function with .get().  Every failure throws encnet::error.
 */
#ifndef ENCNET_ENCNET_HPP
#define ENCNET_ENCNET_HPP

#include <list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <encnet/encnet.h>
#include <encnet/session.h>

namespace encnet
{

/* A failure, with its status and the message of encnet_last_error(). */
class error : public std::runtime_error
{
  public:
    error(encnet_status status, const char *message) : std::runtime_error(message), status_(status)
    {
    }
    encnet_status status() const noexcept
    {
        return status_;
    }

  private:
    encnet_status status_;
};

inline void check(encnet_status status)
{
    if (status != ENCNET_OK) throw error(status, encnet_last_error());
}

namespace detail
{
struct closer {
    void operator()(encnet_device *p) const noexcept
    {
        encnet_device_close(p);
    }
    void operator()(encnet_model *p) const noexcept
    {
        encnet_model_free(p);
    }
    void operator()(encnet_session *p) const noexcept
    {
        encnet_session_free(p);
    }
    void operator()(void *p) const noexcept
    {
        encnet_free(p);
    }
};
} // namespace detail

/* Options with their defaults, set by name. */
class options
{
  public:
    options()
    {
        encnet_options_default(&values_);
    }
    options(const options &) = delete;
    options &operator=(const options &) = delete;

    /* "model.codewords", "32" */
    options &set(const std::string &key, const std::string &value)
    {
        texts_.push_back(value); /* a text is borrowed for as long as the options are used */
        check(encnet_options_set(&values_, key.c_str(), texts_.back().c_str()));
        return *this;
    }
    const encnet_options *get() const noexcept
    {
        return &values_;
    }
    const encnet_options *operator->() const noexcept
    {
        return &values_;
    }

  private:
    encnet_options values_;
    std::list<std::string> texts_;
};

/* A picture, RGB [H,W,3]. */
class picture
{
  public:
    explicit picture(const std::string &path)
    {
        uint8_t *rgb = nullptr;
        check(encnet_picture_read(&rgb, &height_, &width_, path.c_str(), nullptr));
        rgb_.reset(rgb);
    }
    picture(const void *bytes, size_t size)
    {
        uint8_t *rgb = nullptr;
        check(encnet_picture_decode(&rgb, &height_, &width_, bytes, size, nullptr, nullptr));
        rgb_.reset(rgb);
    }
    int width() const noexcept
    {
        return width_;
    }
    int height() const noexcept
    {
        return height_;
    }
    const uint8_t *rgb() const noexcept
    {
        return rgb_.get();
    }
    /* What encnet_session_run() takes; it borrows the pixels. */
    encnet_image image() const noexcept
    {
        encnet_image described = encnet_image();
        described.format = ENCNET_RGB8;
        described.width = width_;
        described.height = height_;
        described.planes[0] = rgb();
        return described;
    }

  private:
    int height_ = 0, width_ = 0;
    std::unique_ptr<uint8_t, detail::closer> rgb_;
};

/* An open device.  It must outlive its models. */
class device
{
  public:
    /* As device.select: "", "0", "0:1", "intel". */
    explicit device(const std::string &select = std::string())
    {
        options o;
        encnet_device *made = nullptr;
        o.set("device.select", select);
        check(encnet_device_open(&made, &o->device));
        device_.reset(made);
    }
    std::string name() const
    {
        encnet_device_info info;
        encnet_device_describe(get(), &info);
        return info.name;
    }
    encnet_device *get() const noexcept
    {
        return device_.get();
    }

  private:
    std::unique_ptr<encnet_device, detail::closer> device_;
};

/* A model.  It must outlive its sessions. */
class model
{
  public:
    model(const device &on, const std::string &path)
    {
        encnet_model *made = nullptr;
        check(encnet_model_load(&made, on.get(), path.c_str()));
        model_.reset(made);
    }
    model(const device &on, const void *bytes, size_t size)
    {
        encnet_model *made = nullptr;
        check(encnet_model_load_memory(&made, on.get(), bytes, size));
        model_.reset(made);
    }
    model(const device &on, const options &describing)
    {
        encnet_model *made = nullptr;
        check(encnet_model_new(&made, on.get(), describing.get()));
        model_.reset(made);
    }
    int classes() const noexcept
    {
        return encnet_model_classes(get());
    }
    std::string class_name(int m) const
    {
        return encnet_model_class_name(get(), m);
    }
    /* The colours of the classes, [256,3], as encnet_picture_write() takes them. */
    std::vector<uint8_t> palette() const
    {
        std::vector<uint8_t> colours(256 * 3);
        for (int m = 0; m < classes() && m < 256; m++)
            encnet_model_class_colour(&colours[3 * static_cast<size_t>(m)], get(), m);
        return colours;
    }
    /* An option that describes the model, such as "model.network". */
    std::string option(const std::string &key) const
    {
        char text[1024];
        check(encnet_options_get(text, sizeof text, encnet_model_get_options(get()), key.c_str()));
        return text;
    }
    encnet_model *get() const noexcept
    {
        return model_.get();
    }

  private:
    std::unique_ptr<encnet_model, detail::closer> model_;
};

/* A session: it runs a model, in one thread at a time. */
class session
{
  public:
    explicit session(const model &of, const encnet_eval_options *how = nullptr)
    {
        encnet_session *made = nullptr;
        check(encnet_session_new(&made, of.get(), how));
        session_.reset(made);
    }
    void run(const encnet_image &image, const encnet_results &results)
    {
        check(encnet_session_run(get(), &image, 1, &results));
    }
    /* The class of each pixel, [H,W], of a model that labels pixels. */
    std::vector<uint8_t> ids(const encnet_image &image)
    {
        std::vector<uint8_t> classes(static_cast<size_t>(image.width) *
                                     static_cast<size_t>(image.height));
        encnet_results results = encnet_results();
        results.ids = classes.data();
        run(image, results);
        return classes;
    }
    /* Ends the run that is under way; any thread may call this. */
    void cancel() noexcept
    {
        encnet_session_cancel(get());
    }
    encnet_session *get() const noexcept
    {
        return session_.get();
    }

  private:
    std::unique_ptr<encnet_session, detail::closer> session_;
};

/* Writes class ids [H,W] as a PNG in the colours of a palette [256,3]. */
inline void write_ids(const std::string &path, const std::vector<uint8_t> &ids, int height,
                      int width, const std::vector<uint8_t> &palette)
{
    check(encnet_picture_write(path.c_str(), ids.data(), height, width, 1, palette.data()));
}

} // namespace encnet
#endif
