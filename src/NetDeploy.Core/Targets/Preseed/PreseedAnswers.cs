using System.Collections.Immutable;
using System.Globalization;
using NetDeploy.Core.Profiles;
using NetDeploy.Core.Targets.Plans;

namespace NetDeploy.Core.Targets.Preseed;

/// <summary>
/// A checked recipe to answers, in the order in which the installer asks. Host name, domain and interface are not among them: the
/// network is configured before these answers can be fetched, so they stand on the kernel command line.
/// </summary>
internal static class PreseedAnswers
{
    public const string Recipe = "partman-auto/expert_recipe";

    /// <summary>NetDeploy's part within the installer; <c>bootfiles/installer/installer</c>.</summary>
    private const string Command = "/usr/lib/netdeploy/installer";

    /// <summary>The layouts that the installer's keyboard question knows by the same word.</summary>
    private static readonly HashSet<string> Keymaps =
    [
        "us", "al", "ara", "bd", "by", "be", "dz", "ba", "br", "gb", "bg", "mm", "ca", "cn", "hr", "cz", "dk", "nl", "bt", "epo", "ee", "et", "fi", "ge", "de", "gr", "il", "in",
        "hu", "is", "ie", "it", "jp", "kz", "kh", "kg", "la", "latam", "lv", "lt", "mk", "np", "no", "ir", "ph", "pl", "pt", "ro", "ru", "rs", "lk", "sk", "si", "es", "se", "ch",
        "tj", "th", "tr", "ua", "vn",
    ];

    public static ImmutableArray<PreseedQuestion> Of(Recipe recipe, PlanContext context) =>
    [
        Text("preseed/early_command", $"{Command} start"),
        .. Language(recipe.System),
        .. Mirror(recipe, context),
        .. Clock(recipe.System),
        .. Disks(recipe.System.Storage),
        .. BaseSystem(recipe.System),
        .. Sources(recipe),
        .. Accounts,
        .. Packages(recipe.System),
        .. BootLoader(recipe.System),
        Text("preseed/late_command", $"{Command} configure"),
        new("finish-install/reboot_in_progress", QuestionType.Note, ""),
    ];

    /// <summary>The repository that the base system comes from: of the distribution's own release.</summary>
    public static RepositorySpec? Main(Recipe recipe) =>
        recipe.System.Repositories.FirstOrDefault(r => r.Suite == recipe.Distro.Release && r.Components.Contains("main"));

    /// <summary>The kernel that the profile names, the first one; the installer must not add one of its own choice.</summary>
    public static string? Kernel(SystemSpec system) => system.Packages.FirstOrDefault(IsKernel);

    private static IEnumerable<PreseedQuestion> Language(SystemSpec system)
    {
        // language_COUNTRY.UTF-8; C.UTF-8 names neither, and the installer wants both.
        var word = system.Locale.Split('.')[0];
        var (language, country) = word.Split('_') is [var l, var c] ? (l, c.Split('@')[0]) : ("C", "US");
        yield return Text("debian-installer/language", language);
        yield return Text("debian-installer/country", country);
        yield return Text("debian-installer/locale", system.Locale);
        yield return Select("keyboard-configuration/xkb-keymap", Keymaps.Contains(system.Keyboard.Layout) ? system.Keyboard.Layout : "us");
    }

    private static IEnumerable<PreseedQuestion> Mirror(Recipe recipe, PlanContext context)
    {
        var uri = new Uri(Main(recipe)!.Uri);
        yield return Text("mirror/country", "manual");
        yield return Select("mirror/protocol", "http");
        yield return Text("mirror/http/hostname", uri.Authority);
        yield return Text("mirror/http/directory", uri.AbsolutePath);
        yield return Text("mirror/http/proxy", "");
        yield return Select("mirror/suite", recipe.Distro.Release);
        if (context.ComponentsSuite is { } suite)
        {
            yield return Text("mirror/udeb/suite", suite);
        }

        // Firmware comes with the profile's packages. The installer would ask for a medium, and add packages for the processor by itself.
        yield return Flag("hw-detect/load_firmware", false);
        yield return Select("hw-detect/firmware-lookup", "never");
    }

    private static IEnumerable<PreseedQuestion> Clock(SystemSpec system)
    {
        yield return Flag("clock-setup/utc", true);
        yield return Select("time/zone", system.TimeZone);
        // Without a server of the profile's the installer would wait for Debian's pool, which an isolated network does not reach.
        yield return Flag("clock-setup/ntp", !system.NtpServers.IsEmpty);
        if (system.NtpServers is [var server, ..])
        {
            yield return Text("clock-setup/ntp-server", server);
        }
    }

    /// <summary>Which disk it is, the plan says: <c>partman/early_command</c> binds it and claims, and nothing is written where that fails.</summary>
    private static IEnumerable<PreseedQuestion> Disks(StorageSpec storage)
    {
        yield return Text("partman/early_command", $"{Command} partition");
        yield return Text("partman-auto/method", PartmanRecipe.Method(storage));
        yield return Text("partman-partitioning/default_label", "gpt");
        yield return Text(Recipe, PartmanRecipe.Of(storage));
        yield return Flag("partman-lvm/device_remove_lvm", true);
        yield return Flag("partman-md/device_remove_md", true);
        yield return Flag("partman-partitioning/confirm_write_new_label", true);
        if (!storage.VolumeGroups.IsEmpty)
        {
            // Volumes with a size of their own do not grow, so what they leave is free for later ones.
            yield return Text("partman-auto-lvm/guided_size", "max");
            yield return Flag("partman-lvm/confirm", true);
            yield return Flag("partman-lvm/confirm_nooverwrite", true);
        }

        yield return Flag("partman-basicfilesystems/no_swap", false);
        // A partition that is kept for later is not formatted, and that is no reason to go back to a menu.
        yield return Flag("partman-basicmethods/method_only", false);
        yield return Flag("partman-efi/non_efi_system", true);
        yield return Select("partman/mount_style", "uuid");
        yield return Select("partman/choose_partition", "finish");
        yield return Flag("partman/confirm", true);
        yield return Flag("partman/confirm_nooverwrite", true);
    }

    private static IEnumerable<PreseedQuestion> BaseSystem(SystemSpec system)
    {
        yield return Flag("base-installer/install-recommends", false);
        yield return Select("base-installer/kernel/image", Kernel(system)!);
    }

    private static IEnumerable<PreseedQuestion> Sources(Recipe recipe)
    {
        var main = Main(recipe)!;
        foreach (var component in new[] { "contrib", "non-free", "non-free-firmware" })
        {
            yield return Flag($"apt-setup/{component}", main.Components.Contains(component));
        }

        yield return Flag("apt-setup/enable-source-repositories", false);
        yield return new("apt-setup/services-select", QuestionType.Multiselect, "");
        foreach (var (number, repository) in recipe.System.Repositories.Where(r => r != main).Index())
        {
            var components = repository.Suite.EndsWith('/') ? "" : " " + string.Join(' ', repository.Components);
            yield return Text(string.Create(CultureInfo.InvariantCulture, $"apt-setup/local{number}/repository"), $"{repository.Uri} {repository.Suite}{components}");
        }
    }

    /// <summary>
    /// Nobody, here: the installer knows one user without groups, id and keys, and its log holds each answer. So accounts and their hashes
    /// are steps of the plan, and these answers hold no secret. '*' fits no password; an empty answer would be asked for.
    /// </summary>
    private static ImmutableArray<PreseedQuestion> Accounts { get; } =
    [
        Flag("passwd/root-login", true),
        new("passwd/root-password-crypted", QuestionType.Password, "*"),
        Flag("passwd/make-user", false),
    ];

    private static IEnumerable<PreseedQuestion> Packages(SystemSpec system)
    {
        yield return new("tasksel/first", QuestionType.Multiselect, "", "tasksel");
        yield return Flag("pkgsel/run_tasksel", false);
        yield return Text("pkgsel/include", string.Join(' ', system.Packages.Where(p => p != Kernel(system) && !IsBootLoader(p))));
        yield return Select("pkgsel/upgrade", "full-upgrade");
        yield return Select("pkgsel/update-policy", "none");
        yield return new("popularity-contest/participate", QuestionType.Boolean, "false", "popularity-contest");
    }

    private static IEnumerable<PreseedQuestion> BootLoader(SystemSpec system)
    {
        yield return Flag("grub-installer/only_debian", true);
        yield return Flag("grub-installer/with_other_os", true);
        // The network stays first in BootOrder; the removable path starts the disk on other hardware.
        yield return Flag("grub-installer/update-nvram", false);
        yield return Flag("grub-installer/force-efi-extra-removable", true);
        yield return Text("debian-installer/add-kernel-opts", string.Join(' ', system.KernelArguments));
    }

    private static bool IsKernel(string package) => package.StartsWith("linux-image-", StringComparison.Ordinal);

    /// <summary>
    /// Of an image, which starts in every firmware. The installer brings the boot loader of the firmware it finds, and removes
    /// those of the others first: it fails where one that stays needs them, as signed shim does.
    /// </summary>
    private static bool IsBootLoader(string package) =>
        package.StartsWith("grub", StringComparison.Ordinal) || package.StartsWith("shim-", StringComparison.Ordinal);

    private static PreseedQuestion Text(string name, string value) => new(name, QuestionType.String, value);

    private static PreseedQuestion Select(string name, string value) => new(name, QuestionType.Select, value);

    private static PreseedQuestion Flag(string name, bool value) => new(name, QuestionType.Boolean, value ? "true" : "false");
}
