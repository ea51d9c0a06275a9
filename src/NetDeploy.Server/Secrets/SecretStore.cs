using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NetDeploy.Core.Secrets;
using NetDeploy.Server.Linux;
using NetDeploy.Server.Storage;

namespace NetDeploy.Server.Secrets;

/// <summary>
/// The values behind <c>{secret: NAME}</c>: AES-256-GCM under a key in another folder, so that a copy of the data alone tells
/// nothing. One file, replaced whole; every write of a name is a new version.
/// </summary>
public sealed class SecretStore
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int MaxValue = 64 * 1024;

    private readonly string _path;
    private readonly byte[] _key;
    private readonly Lock _writing = new();
    private volatile ImmutableDictionary<string, SealedSecret> _sealed;

    private SecretStore(string path, byte[] key, ImmutableDictionary<string, SealedSecret> secrets)
    {
        _path = path;
        _key = key;
        _sealed = secrets;
    }

    /// <summary>Names and versions; no values.</summary>
    public ImmutableSortedDictionary<string, int> Names => _sealed.ToImmutableSortedDictionary(s => s.Key, s => s.Value.Version);

    /// <exception cref="ServerFault">The file is damaged, or the key is not the one it was written with.</exception>
    public static SecretStore Open(string path, byte[] key)
    {
        if (!File.Exists(path))
        {
            return new SecretStore(path, key, ImmutableDictionary<string, SealedSecret>.Empty);
        }

        try
        {
            var secrets = JsonSerializer.Deserialize(File.ReadAllBytes(path), SecretJson.Default.DictionaryStringSealedSecret)
                ?? throw new JsonException("it holds null.");
            var store = new SecretStore(path, key, secrets.ToImmutableDictionary(StringComparer.Ordinal));
            foreach (var (name, secret) in secrets)
            {
                if (secret?.Box is null)
                {
                    throw new JsonException($"secret {name} has no box.");
                }

                store.Unseal(name, secret);
            }

            return store;
        }
        catch (Exception e) when (e is JsonException or CryptographicException or FormatException)
        {
            throw new ServerFault($"The secrets in {path} cannot be read: {e.Message}", "Restore the file and its key together, or remove the file and set the secrets again.", e);
        }
    }

    /// <returns>The version of the new value.</returns>
    /// <exception cref="ServerFault">The name or value cannot be one, or the disk takes no more.</exception>
    public int Set(string name, string value)
    {
        if (name.Length is 0 or > 64 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            throw new ServerFault($"'{name}' is no name of a secret.", "Use up to 64 letters, digits, '-', '_' and '.'.");
        }

        if (value.Length is 0 or > MaxValue)
        {
            throw new ServerFault($"A secret has 1 to {MaxValue} characters.", "Give its value on standard input.");
        }

        lock (_writing)
        {
            var version = (_sealed.GetValueOrDefault(name)?.Version ?? 0) + 1;
            var next = _sealed.SetItem(name, Seal(name, version, value));
            var part = _path + ".part";
            try
            {
                File.Delete(part);
                using (var file = new FileStream(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
                {
                    JsonSerializer.Serialize(file, next.ToDictionary(), SecretJson.Default.DictionaryStringSealedSecret);
                    file.Flush(flushToDisk: true);
                }

                File.Move(part, _path, overwrite: true);
                Posix.SyncFolder(Path.GetDirectoryName(_path)!);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new ServerFault($"The secret could not be stored: {e.Message}", "Make room on that disk, or let the server's user write there; the values so far are whole.", e);
            }

            _sealed = next;
            return version;
        }
    }

    /// <summary>All values, for rendering one answer.</summary>
    public ImmutableDictionary<string, Secret> Reveal() =>
        _sealed.ToImmutableDictionary(s => s.Key, s => new Secret(s.Key, s.Value.Version, Unseal(s.Key, s.Value)), StringComparer.Ordinal);

    private SealedSecret Seal(string name, int version, string value)
    {
        var plain = Encoding.UTF8.GetBytes(value);
        var box = new byte[NonceBytes + TagBytes + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), Bound(name, version));
        return new SealedSecret(version, Convert.ToBase64String(box));
    }

    private string Unseal(string name, SealedSecret secret)
    {
        var box = Convert.FromBase64String(secret.Box);
        if (box.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException($"secret {name} is cut short");
        }

        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_key, TagBytes);
        aes.Decrypt(box.AsSpan(0, NonceBytes), box.AsSpan(NonceBytes + TagBytes), box.AsSpan(NonceBytes, TagBytes), plain, Bound(name, secret.Version));
        return Encoding.UTF8.GetString(plain);
    }

    /// <summary>Name and version are authenticated with the value: boxes cannot be swapped between names.</summary>
    private static byte[] Bound(string name, int version) => Encoding.UTF8.GetBytes(FormattableString.Invariant($"{name}@{version}"));
}

/// <param name="Box">Base64 of nonce (12 bytes), tag (16 bytes) and ciphertext.</param>
internal sealed record SealedSecret(int Version, string Box);

[JsonSerializable(typeof(Dictionary<string, SealedSecret>))]
internal sealed partial class SecretJson : JsonSerializerContext;
