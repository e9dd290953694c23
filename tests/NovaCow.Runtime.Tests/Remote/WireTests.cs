using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Remote.Wire;
using Record = NovaCow.Runtime.Remote.Wire.Record;

namespace NovaCow.Runtime.Tests.Remote;

public sealed class WireTests
{
    [Fact]
    public void Records_are_read_as_they_were_written()
    {
        var space = new byte[10_000];
        var writer = new RecordWriter(space);
        var message = new Record
        {
            Type = RecordType.Message,
            TargetKind = AddressKind.Named,
            Target = 4_095,
            SenderKind = AddressKind.Once,
            Sender = 1L << 60,
            Number = 3,
            Payload = "payload"u8,
        };
        writer.Message(ref message);
        writer.Definition(RecordType.Name, 17, "/user/scheduler"u8);
        writer.Ending(RecordType.Forget, 200);
        writer.Watch(5, AddressKind.Yours, 6);
        writer.Terminated(5, existed: true);
        writer.Leader("http://a"u8);

        var reader = new RecordReader(space.AsSpan(0, writer.Length), maxMessageBytes: 100);
        Assert.True(reader.Read());
        Assert.Equal(AddressKind.Named, reader.Current.TargetKind);
        Assert.Equal(4_095, reader.Current.Target);
        Assert.Equal(AddressKind.Once, reader.Current.SenderKind);
        Assert.Equal(1L << 60, reader.Current.Sender);
        Assert.Equal(3, reader.Current.Number);
        Assert.Equal("payload"u8, reader.Current.Payload);
        Assert.True(reader.Read());
        Assert.Equal((RecordType.Name, 17), (reader.Current.Type, reader.Current.Number));
        Assert.Equal("/user/scheduler"u8, reader.Current.Text);
        Assert.True(reader.Read());
        Assert.Equal((RecordType.Forget, 200), (reader.Current.Type, reader.Current.Number));
        Assert.True(reader.Read());
        Assert.Equal((RecordType.Watch, 5), (reader.Current.Type, reader.Current.Number));
        Assert.Equal((AddressKind.Yours, 6), (reader.Current.TargetKind, reader.Current.Target));
        Assert.True(reader.Read());
        Assert.True(reader.Current.Existed);
        Assert.True(reader.Read());
        Assert.Equal("http://a"u8, reader.Current.Text);
        Assert.False(reader.Read());
    }

    [Fact]
    public void A_message_costs_a_few_bytes_beside_its_payload()
    {
        var space = new byte[100];
        var writer = new RecordWriter(space);
        var message = new Record
        {
            Type = RecordType.Message,
            TargetKind = AddressKind.Named,
            SenderKind = AddressKind.Mine,
            Sender = 1,
            Payload = "x"u8,
        };
        writer.Message(ref message);
        Assert.Equal(6, writer.Length);
    }

    [Fact]
    public void Arbitrary_bytes_are_records_or_an_error_and_nothing_else()
    {
        for (var seed = 0; seed < 200_000; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 40)];
            random.NextBytes(bytes);
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = random.Next(3) == 0 ? (byte)random.Next(12) : bytes[i];
            try
            {
                var reader = new RecordReader(bytes, maxMessageBytes: 1_000);
                while (reader.Read())
                {
                    Assert.InRange(reader.Current.Payload.Length, 0, bytes.Length);
                    Assert.True(reader.Current.Number >= 0, $"seed {seed}");
                }
            }
            catch (LinkProtocolException)
            {
                // What it is for.
            }
        }
    }

    [Fact]
    public void The_abbreviation_table_is_bounded_and_its_two_ends_agree()
    {
        var table = new InternTable(capacity: 8);
        var reader = new string[8];
        var random = new Random(1);
        for (var i = 0; i < 10_000; i++)
        {
            var text = $"text-{random.Next(20)}";
            if (!table.TryFind(text, out var number))
            {
                number = table.Add(text);
                reader[number] = text;
            }
            Assert.Equal(text, reader[number]);
        }
    }

    [Fact]
    public void Introductions_of_actors_that_live_are_bounded()
    {
        var introductions = new Introductions(limit: 100);
        for (var i = 0; i < 1_000; i++)
        {
            introductions.IntroduceOnce(ActorRefs.Nobody);
            if (introductions.IsSweepDue)
                introductions.Sweep();
            Assert.InRange(introductions.Count, 1, 100);
        }
    }
}
