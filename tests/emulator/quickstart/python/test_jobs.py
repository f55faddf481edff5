def test_a_message_is_there_until_it_is_deleted(jobs):
    jobs.send_message("resize 17.png")
    message = jobs.receive_message()
    assert message.content == "resize 17.png"
    assert jobs.receive_message() is None  # hidden for 30 seconds
    jobs.delete_message(message)
    assert jobs.get_queue_properties().approximate_message_count == 0


def test_every_test_has_a_queue_of_its_own(jobs):
    assert jobs.receive_message() is None
