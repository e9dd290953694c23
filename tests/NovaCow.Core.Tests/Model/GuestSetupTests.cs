namespace NovaCow.Core.Tests.Model;

public sealed class GuestSetupTests
{
    private const string Key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== jack@example";

    [Theory]
    [InlineData("web")]
    [InlineData("web-1.example.com")]
    [InlineData("7")]
    [InlineData("Web.Example")]
    public void Names_that_DNS_can_have_are_taken(string name) =>
        Assert.Null(new GuestSetup { HostName = name }.Problem());

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("web.")]
    [InlineData("-web")]
    [InlineData("web-")]
    [InlineData("web..example")]
    [InlineData("web_1")]
    [InlineData("web 1")]
    [InlineData("web\nx: y")]
    [InlineData("wéb")]
    public void Names_that_DNS_cannot_have_are_refused(string name) =>
        Assert.StartsWith("host name '", new GuestSetup { HostName = name }.Problem());

    [Fact]
    public void A_name_may_be_as_long_as_DNS_allows()
    {
        var label = new string('x', 63);
        var longest = string.Join('.', label, label, label, new string('x', 61));
        Assert.Null(new GuestSetup { HostName = longest }.Problem());
        Assert.NotNull(new GuestSetup { HostName = longest + "x" }.Problem());
        Assert.NotNull(new GuestSetup { HostName = label + "x" }.Problem());
    }

    [Theory]
    [InlineData(Key)]
    [InlineData("ssh-rsa AAAA")]
    [InlineData("ecdsa-sha2-nistp256 AAAA+/== jäck's key")]
    [InlineData("sk-ssh-ed25519@openssh.com AAAA me")]
    public void Public_keys_are_taken(string key) =>
        Assert.Null(new GuestSetup { SshKeys = [Key, key] }.Problem());

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-ed25519 ")]
    [InlineData("ssh-ed25519  AAAA")]
    [InlineData(" ssh-ed25519 AAAA")]
    [InlineData("ssh-ed25519 AA\"AA")]
    [InlineData("ssh-ed25519 AAAA me\nssh-rsa BBBB")]
    [InlineData("ssh-ed25519 AAAA me\u0085")]
    [InlineData("ssh-ed25519 AAAA me\u2028")]
    [InlineData("ssh-ed25519 AAAA me\uFFFF")]
    [InlineData("ssh-ed25519\tAAAA")]
    [InlineData("ssh-ed25519 AAAA 😀")]
    [InlineData("command=\"x\" ssh-ed25519 AAAA")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----")]
    public void What_is_no_line_of_a_public_key_is_refused_and_not_repeated(string key)
    {
        var problem = new GuestSetup { SshKeys = [Key, key] }.Problem();
        Assert.StartsWith("ssh key 2 of 2: ", problem);
        Assert.DoesNotContain("BEGIN", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("command", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_character_is_refused_wherever_it_stands()
    {
        Assert.NotNull(new GuestSetup { SshKeys = [Key + "\uD800"] }.Problem());
        Assert.NotNull(new GuestSetup { UserData = "\uDC00" }.Problem());
        Assert.Null(new GuestSetup { UserData = "😀\n\t\0" }.Problem());
    }

    [Fact]
    public void Keys_and_user_data_have_limits()
    {
        var keys = Enumerable.Repeat(Key, GuestSetup.MaxSshKeys).ToArray();
        Assert.Null(new GuestSetup { SshKeys = keys }.Problem());
        Assert.NotNull(new GuestSetup { SshKeys = [.. keys, Key] }.Problem());
        Assert.NotNull(
            new GuestSetup { SshKeys = [Key.PadRight(GuestSetup.MaxSshKeyLength + 1)] }.Problem());

        var data = new string('é', GuestSetup.MaxUserDataBytes / 2);
        Assert.Null(new GuestSetup { UserData = data }.Problem());
        Assert.NotNull(new GuestSetup { UserData = data + "x" }.Problem());
    }

    [Fact]
    public void User_data_is_never_shown()
    {
        var setup = new GuestSetup { UserData = "password: 1234", SshKeys = [Key] };
        Assert.DoesNotContain("1234", setup.ToString(), StringComparison.Ordinal);
        var tooMuch = setup with { UserData = setup.UserData.PadRight(1 << 20) };
        Assert.DoesNotContain("1234", tooMuch.Problem(), StringComparison.Ordinal);
    }
}
