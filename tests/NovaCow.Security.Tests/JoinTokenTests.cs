namespace NovaCow.Security.Tests;

public sealed class JoinTokenTests
{
    private static readonly byte[] Key = Given.Authority().Derive(JoinToken.Purpose);

    [Theory]
    [InlineData("a", "a", null)]
    [InlineData("*", "b", null)]
    [InlineData("a", "b", "is for host a, and b wants to join")]
    public void A_token_is_for_one_host_or_for_any(string tokens, string host, string? problem)
    {
        var text = Token(tokens).Seal(Key);
        if (problem is null)
            Assert.Equal(Token(tokens), JoinToken.Verify(text, Key, host, Given.Now));
        else
            Assert.Contains(problem, Refusal(text, Key, host));
    }

    [Fact]
    public void An_expired_token_is_refused_with_both_times()
    {
        var text = (Token("a") with { Until = Given.Now.AddSeconds(-1) }).Seal(Key);
        Assert.Contains("2026-06-01T11:59:59", Refusal(text, Key, "a"));
        Assert.Contains("2026-06-01T12:00:00", Refusal(text, Key, "a"));
    }

    [Fact]
    public void A_token_of_another_authority_is_refused()
    {
        var text = Token("a").Seal(Given.Authority().Derive(JoinToken.Purpose));
        Assert.Contains("not made by this cluster", Refusal(text, Key, "a"));
    }

    [Fact]
    public void A_token_of_which_any_character_was_changed_is_refused()
    {
        var text = Token("*").Seal(Key);
        for (var i = 0; i < text.Length; i++)
        {
            var changed = text.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            var forged = new string(changed);
            // The last character of a base64 group may have bits that mean nothing.
            if (i == text.Length - 1)
                continue;
            Assert.Throws<SecurityException>(
                () => JoinToken.Verify(forged, Key, "a", Given.Now));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("novacow1..")]
    [InlineData("novacow1.bnVsbA.bnVsbA")]
    [InlineData("novacow1.e30.e30")]
    [InlineData("not a token")]
    public void What_is_no_token_is_told_so(string text)
    {
        var error = Assert.Throws<SecurityException>(() => JoinToken.Read(text));
        Assert.Contains("no join token", error.Message);
    }

    [Fact]
    public void Its_bearer_can_read_the_fingerprint() =>
        Assert.Equal("ab12", JoinToken.Read(Token("a").Seal(Key)).Authority);

    private static JoinToken Token(string host) => new()
    {
        Authority = "ab12", Host = host, Until = Given.Now.AddHours(1),
    };

    private static string Refusal(string text, byte[] key, string host) =>
        Assert.Throws<SecurityException>(
            () => JoinToken.Verify(text, key, host, Given.Now)).Message;
}
