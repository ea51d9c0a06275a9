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
        .. BootLoader,
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

    /// <summary>
    /// Which disk it is, the plan says. <c>partman/early_command</c> binds it and claims; only then it answers what lets partman begin and
    /// write (<c>consent</c> in <c>bootfiles/installer/steps.sh</c>). Were those served, an early command that dies would leave partman
    /// free to take the one disk that it sees.
    /// </summary>
    private static IEnumerable<PreseedQuestion> Disks(StorageSpec storage)
    {
        yield return Text("partman/early_command", $"{Command} partition");
        yield return Text("partman-partitioning/default_label", "gpt");
        yield return Text(Recipe, PartmanRecipe.Of(storage));
        if (!storage.VolumeGroups.IsEmpty)
        {
            // Volumes with a size of their own do not grow, so what they leave is free for later ones.
            yield return Text("partman-auto-lvm/guided_size", "max");
        }

        yield return Flag("partman-basicfilesystems/no_swap", false);
        // A partition that is kept for later is not formatted, and that is no reason to go back to a menu.
        yield return Flag("partman-basicmethods/method_only", false);
        yield return Flag("partman-efi/non_efi_system", true);
        yield return Select("partman/mount_style", "uuid");
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
        yield return Text("pkgsel/include", string.Join(' ', system.Packages.Where(p => p != Kernel(system))));
        yield return Select("pkgsel/upgrade", "full-upgrade");
        yield return Select("pkgsel/update-policy", "none");
        yield return new("popularity-contest/participate", QuestionType.Boolean, "false", "popularity-contest");
    }

    /// <summary>
    /// None by the installer: its GRUB step purges the packages of every other firmware, fails where shim needs them, and a disk shall start by
    /// BIOS and by UEFI. The plan's own step installs it, as in the image method, and leaves BootOrder alone. "Continue without boot loader" follows, which
    /// asks nothing at this priority.
    /// </summary>
    private static ImmutableArray<PreseedQuestion> BootLoader { get; } =
    [
        Flag("grub-installer/skip", true),
        Flag("systemd-boot-installer/skip", true),
    ];

    private static bool IsKernel(string package) => package.StartsWith("linux-image-", StringComparison.Ordinal);

    private static PreseedQuestion Text(string name, string value) => new(name, QuestionType.String, value);

    private static PreseedQuestion Select(string name, string value) => new(name, QuestionType.Select, value);

    private static PreseedQuestion Flag(string name, bool value) => new(name, QuestionType.Boolean, value ? "true" : "false");
}
