/*
 * Files that callers of the control socket name: where they may be.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "base/control.h"
#include "host/client-files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define USER 61001

static char *top;               /* "/tmp/..." */
static ClientFiles files;

static char *at(const char *path)
{
    return g_build_filename(top, path, NULL);
}

static void make_dir(const char *path, int mode)
{
    g_autofree char *full = at(path);

    g_assert_cmpint(g_mkdir_with_parents(full, 0700), ==, 0);
    g_assert_cmpint(g_chmod(full, mode), ==, 0);
}

static void make_file(const char *path, const char *text, int mode)
{
    g_autofree char *full = at(path);

    g_assert_true(g_file_set_contents(full, text, -1, NULL));
    g_assert_cmpint(g_chmod(full, mode), ==, 0);
}

static void make_link(const char *to, const char *path)
{
    g_autofree char *full = at(path);

    g_assert_cmpint(symlink(to, full), ==, 0);
}

static char *text_of(const char *path)
{
    g_autofree char *full = at(path);
    char *text = NULL;

    g_file_get_contents(full, &text, NULL, NULL);
    return text;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where)
{
    return remove(path);
}

static void begin(const char *read, const char *write)
{
    top = g_dir_make_tmp("iovlab-XXXXXX", NULL);
    files = (ClientFiles) { .host = "A", .dir = top, .read = read,
                            .write = write };
}

static void end(void)
{
    nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    g_clear_pointer(&top, g_free);
}

/* What a request for a new file comes to: NULL, or the class of the error. */
static const char *write_to(const char *path, const char *text)
{
    g_autofree char *full = g_path_is_absolute(path) ? g_strdup(path) :
        at(path);
    PropError error = { 0 };
    ClientFile f;
    const char *code;

    if (client_file_find(&files, USER, full, &f, &error)) {
        if (client_file_create(&f, &error)) {
            g_assert_cmpint(write(f.fd, text, strlen(text)), ==,
                            (ssize_t)strlen(text));
        }
        client_file_clear(&f);
    }
    client_file_clear(&f);
    code = error.code;
    g_assert_true(!code || *error.text);
    prop_error_clear(&error);
    return code;
}

static const char *read_from(const char *path, const char *expected)
{
    g_autofree char *full = g_path_is_absolute(path) ? g_strdup(path) :
        at(path);
    PropError error = { 0 };
    char text[64] = "";
    ClientFile f;
    const char *code;

    if (client_file_open(&files, USER, full, &f, &error)) {
        g_autofree char *proc = client_fd_path(f.fd);
        g_autofree char *again = NULL;

        g_assert_cmpint(read(f.fd, text, sizeof(text) - 1), >=, 0);
        g_assert_cmpstr(text, ==, expected);
        g_assert_true(g_file_get_contents(proc, &again, NULL, NULL));
        g_assert_cmpstr(again, ==, expected);
        client_file_clear(&f);
    }
    code = error.code;
    prop_error_clear(&error);
    return code;
}

static const char *for_vm(const char *path, ClientUse use)
{
    g_autofree char *full = g_path_is_absolute(path) ? g_strdup(path) :
        at(path);
    PropError error = { 0 };
    const char *code;

    g_assert_true(client_file_for_vm(&files, USER, full, use, &error) ==
                  !error.code);
    code = error.code;
    prop_error_clear(&error);
    return code;
}

static void test_own(void)
{
    g_autofree char *text = NULL;
    struct stat st;
    g_autofree char *made = NULL;

    begin(CLIENT_DIRECTORIES, CLIENT_DIRECTORIES);
    g_assert_cmpstr(write_to("files/61001/a", "one"), ==, NULL);
    made = at("files/61001/a");
    g_assert_cmpint(g_stat(made, &st), ==, 0);
    g_assert_cmpuint(st.st_mode & 0777, ==, 0600);
    g_assert_cmpstr(read_from("files/61001/a", "one"), ==, NULL);
    /* Its own file, again. */
    g_assert_cmpstr(write_to("files/61001/a", "two"), ==, NULL);
    text = text_of("files/61001/a");
    g_assert_cmpstr(text, ==, "two");
    g_assert_cmpstr(write_to("files/61001/none/a", ""), ==, ERR_BAD_ARGUMENT);
    g_assert_cmpstr(read_from("files/61001/none", ""), ==, ERR_BAD_ARGUMENT);
    end();
}

static void test_outside(void)
{
    static const char *const names[] = {
        "a", "files/a", "files/61002/a", "files/610010/a", "files/61001",
        "files/61001/../a", "files/61001/../../a", "files/61001/../61002/a",
        "files/61001/./../61002/a", "/etc/passwd", "",
    };

    begin(CLIENT_DIRECTORIES, CLIENT_DIRECTORIES);
    make_dir("files/61001", 0700);
    make_dir("files/61002", 0700);
    make_file("files/61002/a", "secret", 0600);
    make_file("a", "secret", 0600);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *text = NULL;
        g_autofree char *other = NULL;

        g_assert_cmpstr(write_to(names[i], "x"), ==, ERR_NOT_ALLOWED);
        g_assert_cmpstr(read_from(names[i], ""), ==, ERR_NOT_ALLOWED);
        g_assert_cmpstr(for_vm(names[i], CLIENT_READS), ==, ERR_NOT_ALLOWED);
        text = text_of("a");
        other = text_of("files/61002/a");
        g_assert_cmpstr(text, ==, "secret");
        g_assert_cmpstr(other, ==, "secret");
    }
    files.read = files.write = "";
    g_assert_cmpstr(write_to("files/61001/a", ""), ==, ERR_NOT_ALLOWED);
    g_assert_cmpstr(read_from("files/61001/a", ""), ==, ERR_NOT_ALLOWED);
    end();
}

static void test_message(void)
{
    PropError error = { 0 };
    ClientFile f;

    begin(CLIENT_DIRECTORIES, "");
    g_assert_false(client_file_open(&files, USER, "/etc/passwd", &f, &error));
    g_assert_nonnull(strstr(error.text, "/files/61001 "));
    g_assert_nonnull(strstr(error.text, "ClientReadDirectories of host 'A'"));
    prop_error_clear(&error);
    g_assert_false(client_file_find(&files, USER, "/etc/passwd", &f, &error));
    g_assert_nonnull(strstr(error.text, "no file"));
    g_assert_nonnull(strstr(error.text, "ClientWriteDirectories of host 'A'"));
    prop_error_clear(&error);
    end();
}

static void test_links(void)
{
    g_autofree char *text = NULL;
    g_autofree char *secret = NULL;

    begin(CLIENT_DIRECTORIES, CLIENT_DIRECTORIES);
    make_dir("files/61001/sub", 0700);
    make_dir("else", 0700);
    make_file("else/secret", "secret", 0600);
    secret = at("else/secret");
    make_link(secret, "files/61001/file");
    make_link("../../else", "files/61001/dir");
    make_link("nowhere", "files/61001/dangling");
    g_assert_cmpstr(write_to("files/61001/sub/a", "x"), ==, NULL);
    g_assert_cmpstr(write_to("files/61001/file", "x"), ==, ERR_NOT_ALLOWED);
    g_assert_cmpstr(write_to("files/61001/dangling", "x"), ==,
                    ERR_NOT_ALLOWED);
    g_assert_cmpstr(write_to("files/61001/dir/secret", "x"), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(write_to("files/61001/dir/new", "x"), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(read_from("files/61001/file", ""), ==, ERR_BAD_ARGUMENT);
    g_assert_cmpstr(read_from("files/61001/dir/secret", ""), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(for_vm("files/61001/file", CLIENT_READS), ==,
                    ERR_BAD_ARGUMENT);
    text = text_of("else/secret");
    g_assert_cmpstr(text, ==, "secret");
    g_assert_null(text_of("else/new"));
    end();
}

/* A directory for each caller that the caller made: it may be a link. */
static void test_linked_root(void)
{
    g_autofree char *list = NULL;
    g_autofree char *real = NULL;
    g_autofree char *alias = NULL;
    g_autofree char *through = NULL;

    begin("", "");
    make_dir("shared", 0777);
    make_dir("victim", 0700);
    make_link("../victim", "shared/61001");
    list = g_strdup_printf("%s/shared/%%u", top);
    files.write = list;
    g_assert_cmpstr(write_to("shared/61001/keys", "x"), ==, ERR_BAD_ARGUMENT);
    g_assert_null(text_of("victim/keys"));
    /* The owner's own entry may be a link, and be known by either name. */
    make_dir("real/61001", 0700);
    make_link("real", "alias");
    alias = g_strdup_printf("%s/alias/%%u", top);
    files.write = alias;
    g_assert_cmpstr(write_to("alias/61001/a", "1"), ==, NULL);
    g_assert_cmpstr(write_to("real/61001/b", "2"), ==, NULL);
    real = text_of("real/61001/a");
    through = text_of("alias/61001/b");
    g_assert_cmpstr(real, ==, "1");
    g_assert_cmpstr(through, ==, "2");
    end();
}

/* In a directory for all a caller replaces only what is its own. */
static void test_existing(void)
{
    g_autofree char *text = NULL;
    g_autofree char *pipe = NULL;
    g_autofree char *mine = NULL;

    begin("files", "files");
    make_dir("files", 0700);
    make_file("files/old", "secret", 0644);
    g_assert_cmpstr(write_to("files/old", "x"), ==, ERR_NOT_ALLOWED);
    text = text_of("files/old");
    g_assert_cmpstr(text, ==, "secret");
    g_assert_cmpstr(write_to("files/new", "x"), ==, NULL);
    g_assert_cmpstr(write_to("files/new", "y"), ==, ERR_NOT_ALLOWED);
    pipe = at("files/pipe");
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_assert_cmpstr(write_to("files/pipe", "x"), ==, ERR_NOT_ALLOWED);
    g_assert_cmpstr(read_from("files/pipe", ""), ==, ERR_BAD_ARGUMENT);
    mine = at("files/mine");
    make_file("files/mine", "old", 0644);
    if (chown(mine, USER, USER) == 0) {     /* this test's user may */
        g_assert_cmpstr(write_to("files/mine", "z"), ==, NULL);
    }
    end();
}

/* A file with two names: the other keeps what was in it. */
static void test_hard_link(void)
{
    g_autofree char *one = NULL;
    g_autofree char *two = NULL;
    g_autofree char *text = NULL;
    g_autofree char *new = NULL;

    begin("", CLIENT_DIRECTORIES);
    make_dir("files/61001", 0700);
    make_file("keep", "keep", 0600);
    one = at("keep");
    two = at("files/61001/a");
    g_assert_cmpint(link(one, two), ==, 0);
    g_assert_cmpstr(write_to("files/61001/a", "x"), ==, NULL);
    text = text_of("keep");
    new = text_of("files/61001/a");
    g_assert_cmpstr(text, ==, "keep");
    g_assert_cmpstr(new, ==, "x");
    end();
}

static void test_for_vm(void)
{
    begin("images:files/%u", "files/%u:images");
    make_dir("images/open", 0777);
    make_dir("files/61001", 0700);
    make_file("images/kernel", "k", 0644);
    make_file("images/loose", "k", 0666);
    make_file("images/a,b", "k", 0644);
    make_file("images/open/kernel", "k", 0644);
    make_file("files/61001/disk", "d", 0600);
    g_assert_cmpstr(for_vm("images/kernel", CLIENT_READS), ==, NULL);
    g_assert_cmpstr(for_vm("images/none", CLIENT_READS), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(for_vm("images/open", CLIENT_READS), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(for_vm("images/a,b", CLIENT_READS), ==,
                    ERR_BAD_ARGUMENT);
    g_assert_cmpstr(for_vm("images/loose", CLIENT_READS), ==,
                    ERR_NOT_ALLOWED);
    g_assert_cmpstr(for_vm("images/open/kernel", CLIENT_READS), ==,
                    ERR_NOT_ALLOWED);
    /* A disk is written to: not one that others may use. */
    g_assert_cmpstr(for_vm("images/kernel", CLIENT_WRITES), ==,
                    ERR_NOT_ALLOWED);
    g_assert_cmpstr(for_vm("files/61001/disk", CLIENT_WRITES), ==, NULL);
    end();
}

static void test_list(void)
{
    static const char *const good[] = {
        "", "files/%u", "/srv/a:/srv/%u/x:b", "/srv/a b",
    };
    static const char *const bad[] = {
        ":", "a:", ":a", "/", "a/../b", "..", "files/%s", "100%", "/a:/",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *why = NULL;

        g_assert_true(client_directories_check(good[i], &why));
        g_assert_null(why);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *why = NULL;

        g_assert_false(client_directories_check(bad[i], &why));
        g_assert_nonnull(why);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/client-files/own", test_own);
    g_test_add_func("/client-files/outside", test_outside);
    g_test_add_func("/client-files/message", test_message);
    g_test_add_func("/client-files/links", test_links);
    g_test_add_func("/client-files/linked-root", test_linked_root);
    g_test_add_func("/client-files/existing", test_existing);
    g_test_add_func("/client-files/hard-link", test_hard_link);
    g_test_add_func("/client-files/for-vm", test_for_vm);
    g_test_add_func("/client-files/list", test_list);
    return g_test_run();
}
