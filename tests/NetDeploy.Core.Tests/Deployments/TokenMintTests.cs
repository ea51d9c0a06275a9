using CsCheck;
using NetDeploy.Core.Deployments;

namespace NetDeploy.Core.Tests.Deployments;

public class TokenMintTests
{
    private static readonly TokenMint Mint = new(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());

    [Fact]
    public void A_token_is_256_bits_and_derived_again_alike()
    {
        var token = Mint.Token("g", "d", 1, TokenPhase.Deploy, "n");
        Assert.Equal(TokenMint.TokenLength, token.Length);
        Assert.Matches("^[A-Za-z0-9_-]{43}$", token);
        Assert.Equal(token, new TokenMint(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()).Token("g", "d", 1, TokenPhase.Deploy, "n"));
    }

    [Fact]
    public void Any_other_generation_deployment_boot_phase_nonce_or_key_gives_another_token()
    {
        var tokens = new[]
        {
            Mint.Token("g", "d", 1, TokenPhase.Deploy, "n"),
            Mint.Token("h", "d", 1, TokenPhase.Deploy, "n"),
            Mint.Token("g", "e", 1, TokenPhase.Deploy, "n"),
            Mint.Token("g", "d", 2, TokenPhase.Deploy, "n"),
            Mint.Token("g", "d", 1, TokenPhase.FirstBoot, "n"),
            Mint.Token("g", "d", 1, TokenPhase.Deploy, "m"),
            new TokenMint(new byte[32]).Token("g", "d", 1, TokenPhase.Deploy, "n"),
        };
        Assert.Equal(tokens.Length, tokens.Distinct().Count());
    }

    [Fact]
    public void A_token_of_one_phase_deployment_or_boot_opens_nothing_else() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2]).Sample((deployment, boot, other, otherBoot) =>
        {
            var record = Mint.Tokens("g", $"d{deployment}", boot, "n");
            var deploy = Mint.Token("g", $"d{other}", otherBoot, TokenPhase.Deploy, "n");
            var firstBoot = Mint.Token("g", $"d{other}", otherBoot, TokenPhase.FirstBoot, "n");
            var same = deployment == other && boot == otherBoot;
            return TokenMint.Match(record, deploy) == (same ? TokenPhase.Deploy : null)
                && TokenMint.Match(record, firstBoot) == (same ? TokenPhase.FirstBoot : null);
        });

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    public void Anything_else_opens_nothing(string token)
    {
        var record = Mint.Tokens("g", "d", 1, "n");
        Assert.Null(TokenMint.Match(record, token));
        Assert.Null(TokenMint.Match(record, record.DeployHash));
        Assert.Null(TokenMint.Match(record, record.DeployHash[..TokenMint.TokenLength]));
    }
}
