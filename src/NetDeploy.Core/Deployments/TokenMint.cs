using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NetDeploy.Core.Deployments;

/// <summary>
/// Makes tokens: 256 bits, HMAC-SHA256 under the server's key over generation, deployment, boot number, phase and the nonce
/// of the record. So a refetch and a restart give the same token although the store holds only its hash; a copy of the
/// store opens nothing without the key, and a restored copy (another generation) opens nothing with it.
/// </summary>
public sealed class TokenMint
{
    /// <summary>Length of the text form: base64url of 32 bytes without padding.</summary>
    public const int TokenLength = 43;

    private readonly byte[] _key;

    /// <param name="key">At least 32 random bytes, kept outside the store.</param>
    public TokenMint(ReadOnlySpan<byte> key)
    {
        if (key.Length < 32)
        {
            throw new ArgumentException("The server key needs at least 32 bytes.", nameof(key));
        }

        _key = key.ToArray();
    }

    /// <summary>The token of one boot and phase, 43 characters of base64url.</summary>
    public string Token(string generation, string deploymentId, int boot, TokenPhase phase, string nonce)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{generation}|{deploymentId}|{boot}|{Word(phase)}|{nonce}");
        return Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>
    /// What lets a held machine tell its inventory and ask whether to wait, and nothing else. Always the same for one MAC, so that a restart
    /// leaves held machines where they are; who owns the asking address is checked beside it.
    /// </summary>
    public string HoldToken(string generation, Protocols.MacAddress mac) =>
        Base64Url.EncodeToString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{generation}|hold|{mac}")));

    /// <summary>The tokens that a boot with this number would get, as the record keeps them.</summary>
    public BootTokens Tokens(string generation, string deploymentId, int boot, string nonce) => new(
        nonce,
        Hash(Token(generation, deploymentId, boot, TokenPhase.Deploy, nonce)),
        Hash(Token(generation, deploymentId, boot, TokenPhase.FirstBoot, nonce)));

    /// <summary>SHA-256 of the token's text in lower-case hex.</summary>
    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    /// <summary>A nonce: 128 random bits in hex.</summary>
    public static string NewNonce() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    /// <summary>Which phase this token opens, in constant time for its content; null for none.</summary>
    public static TokenPhase? Match(BootTokens tokens, string token)
    {
        if (token.Length != TokenLength)
        {
            return null;
        }

        var hash = Encoding.ASCII.GetBytes(Hash(token));
        var deploy = CryptographicOperations.FixedTimeEquals(hash, Encoding.ASCII.GetBytes(tokens.DeployHash));
        var firstBoot = CryptographicOperations.FixedTimeEquals(hash, Encoding.ASCII.GetBytes(tokens.FirstBootHash));
        return deploy ? TokenPhase.Deploy : firstBoot ? TokenPhase.FirstBoot : null;
    }

    public static string Word(TokenPhase phase) => phase == TokenPhase.Deploy ? "deploy" : "first-boot";
}
