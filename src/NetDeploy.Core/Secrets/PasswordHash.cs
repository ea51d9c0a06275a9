using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Secrets;

/// <summary>
/// crypt(3) hashes of method 6, SHA-512, after Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512":
/// <c>$6$SALT$HASH</c> or <c>$6$rounds=N$SALT$HASH</c>.
/// </summary>
public static class PasswordHash
{
    private const string Prefix = "$6$";
    private const string RoundsPrefix = "rounds=";
    private const int DefaultRounds = 5000;
    private const int MinRounds = 1000;
    private const int MaxRounds = 999_999_999;
    private const int MaxSaltLength = 16;
    private const string Alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Hashes with a new random salt of 16 characters (96 bits) and the default of 5000 rounds.</summary>
    public static string Create(string password) =>
        Crypt(password, Prefix + RandomNumberGenerator.GetString(Alphabet, MaxSaltLength));

    /// <summary>
    /// Hashes with the salt and rounds of <paramref name="setting"/>: <c>$6$SALT</c>, or a whole hash, whose own result
    /// is then ignored. A salt is cut after 16 characters, rounds are clamped to 1000..999999999, as the method says.
    /// </summary>
    /// <exception cref="FormatException">Not a setting of this method.</exception>
    public static string Crypt(string password, string setting)
    {
        if (!TryReadSetting(setting, out var salt, out var rounds, out var explicitRounds))
        {
            throw new FormatException("A setting of SHA-512 crypt starts with $6$.");
        }

        var digest = Digest(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(salt), rounds);
        return $"{Prefix}{(explicitRounds ? $"{RoundsPrefix}{rounds}$" : "")}{salt}${Encode(digest)}";
    }

    private static bool TryReadSetting(string setting, out string salt, out int rounds, out bool explicitRounds)
    {
        (salt, rounds, explicitRounds) = ("", DefaultRounds, false);
        if (!setting.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var rest = setting.AsSpan(Prefix.Length);
        if (rest.StartsWith(RoundsPrefix, StringComparison.Ordinal) && rest.IndexOf('$') is > 0 and var end)
        {
            if (!ulong.TryParse(rest[RoundsPrefix.Length..end], System.Globalization.NumberStyles.None, null, out var asked))
            {
                return false;
            }

            rounds = (int)Math.Clamp(asked, MinRounds, MaxRounds);
            explicitRounds = true;
            rest = rest[(end + 1)..];
        }

        var saltEnd = rest.IndexOf('$');
        salt = (saltEnd >= 0 ? rest[..saltEnd] : rest).ToString();
        salt = salt.Length > MaxSaltLength ? salt[..MaxSaltLength] : salt;
        return true;
    }

    /// <summary>The numbered steps are those of Drepper's text.</summary>
    private static byte[] Digest(byte[] password, byte[] salt, int rounds)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);

        // 4-8: digest B.
        sha.AppendData(password);
        sha.AppendData(salt);
        sha.AppendData(password);
        var b = sha.GetHashAndReset();

        // 1-3, 9-12: digest A.
        sha.AppendData(password);
        sha.AppendData(salt);
        AppendRepeated(sha, b, password.Length);
        for (var bits = password.Length; bits > 0; bits >>= 1)
        {
            sha.AppendData((bits & 1) == 1 ? b : password);
        }

        var a = sha.GetHashAndReset();

        // 13-16: sequence P.
        for (var i = 0; i < password.Length; i++)
        {
            sha.AppendData(password);
        }

        var p = Repeat(sha.GetHashAndReset(), password.Length);

        // 17-20: sequence S.
        for (var i = 0; i < 16 + a[0]; i++)
        {
            sha.AppendData(salt);
        }

        var s = Repeat(sha.GetHashAndReset(), salt.Length);

        // 21: the rounds.
        for (var round = 0; round < rounds; round++)
        {
            sha.AppendData((round & 1) == 1 ? p : a);
            if (round % 3 != 0)
            {
                sha.AppendData(s);
            }

            if (round % 7 != 0)
            {
                sha.AppendData(p);
            }

            sha.AppendData((round & 1) == 1 ? a : p);
            a = sha.GetHashAndReset();
        }

        return a;
    }

    private static void AppendRepeated(IncrementalHash sha, byte[] block, int length)
    {
        for (; length > block.Length; length -= block.Length)
        {
            sha.AppendData(block);
        }

        sha.AppendData(block, 0, length);
    }

    private static byte[] Repeat(byte[] block, int length)
    {
        var result = new byte[length];
        for (var i = 0; i < length; i++)
        {
            result[i] = block[i % block.Length];
        }

        return result;
    }

    /// <summary>Step 22: the method's own base 64, least significant bits first, in an order of bytes of its own.</summary>
    private static string Encode(byte[] digest)
    {
        var text = new StringBuilder(86);
        var (high, middle, low) = (0, 21, 42);
        for (var i = 0; i < 21; i++)
        {
            Append(text, digest[high] << 16 | digest[middle] << 8 | digest[low], 4);

            // Each triple is the one before, turned by one place and moved by one byte.
            (high, middle, low) = (middle + 1, low + 1, high + 1);
        }

        Append(text, digest[63], 2);
        return text.ToString();
    }

    private static void Append(StringBuilder text, int bits, int characters)
    {
        for (; characters > 0; characters--, bits >>= 6)
        {
            text.Append(Alphabet[bits & 63]);
        }
    }
}
